// SPDX-License-Identifier: Apache-2.0
/// Which instructions the kernels may use. Every level gives the same bits.
#pragma once

#include <cstdint>
#include <string_view>

namespace radpix {

enum class CpuLevel : std::uint8_t { scalar, avx2 };

[[nodiscard]] const char *name_of(CpuLevel level) noexcept;

/// The best level that this processor, its operating system and this build support.
[[nodiscard]] CpuLevel detected_cpu_level() noexcept;

/// The level in use: `RADPIX_CPU` (auto, scalar, avx2) when set, else the detected one.
/// Throws Error(invalid_argument) for an unknown name and for a level that this machine lacks.
[[nodiscard]] CpuLevel cpu_level();

/// Overrides the level for the whole process ("auto" returns to the detected one). For tests and benchmarks;
/// calls already running keep the level they started with.
void set_cpu_level(std::string_view name);

} // namespace radpix
