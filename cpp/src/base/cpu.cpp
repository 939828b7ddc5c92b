// SPDX-License-Identifier: Apache-2.0
#include "radpix/cpu.hpp"

#include <atomic>
#include <cstdlib>
#include <string>

#include "base/target_region.hpp"
#include "radpix/error.hpp"

#if RADPIX_HAS_AVX2_TARGET && defined(_MSC_VER)
#include <intrin.h>
#endif

namespace radpix {
namespace {

constexpr int level_unset = -1;
std::atomic<int> active_level{level_unset};

#if RADPIX_HAS_AVX2_TARGET && defined(_MSC_VER)
bool machine_has_avx2() noexcept {
    int leaf1[4];
    int leaf7[4];
    __cpuid(leaf1, 1);
    __cpuidex(leaf7, 7, 0);
    const bool os_saves_ymm = (leaf1[2] & (1 << 27)) != 0 && (_xgetbv(0) & 6) == 6;
    return os_saves_ymm && (leaf7[1] & (1 << 5)) != 0 && (leaf7[1] & (1 << 8)) != 0 &&
           (leaf1[2] & (1 << 12)) != 0;
}
#elif RADPIX_HAS_AVX2_TARGET
// __builtin_cpu_supports also checks that the operating system saves the wide registers (XGETBV).
bool machine_has_avx2() noexcept {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi2") != 0 &&
           __builtin_cpu_supports("fma") != 0;
}
#else
bool machine_has_avx2() noexcept {
    return false;
}
#endif

CpuLevel level_named(std::string_view name) {
    if (name == "auto" || name.empty()) {
        return detected_cpu_level();
    }
    if (name == "scalar") {
        return CpuLevel::scalar;
    }
    if (name == "avx2") {
        if (detected_cpu_level() < CpuLevel::avx2) {
            throw_error(Errc::invalid_argument,
                        "CPU level \"avx2\" was asked for, but this machine lacks AVX2, BMI2 or FMA; "
                        "use RADPIX_CPU=auto");
        }
        return CpuLevel::avx2;
    }
    throw_error(Errc::invalid_argument,
                "unknown CPU level \"" + std::string(name) + "\"; RADPIX_CPU is one of auto, scalar, avx2");
}

} // namespace

const char *name_of(CpuLevel level) noexcept {
    return level == CpuLevel::avx2 ? "avx2" : "scalar";
}

CpuLevel detected_cpu_level() noexcept {
    static const CpuLevel detected = machine_has_avx2() ? CpuLevel::avx2 : CpuLevel::scalar;
    return detected;
}

CpuLevel cpu_level() {
    const int level = active_level.load(std::memory_order_relaxed);
    if (level != level_unset) {
        return static_cast<CpuLevel>(level);
    }
    const char *wanted = std::getenv("RADPIX_CPU");
    const CpuLevel chosen = level_named(wanted == nullptr ? "auto" : wanted);
    active_level.store(static_cast<int>(chosen), std::memory_order_relaxed);
    return chosen;
}

void set_cpu_level(std::string_view name) {
    active_level.store(static_cast<int>(level_named(name)), std::memory_order_relaxed);
}

} // namespace radpix
