// SPDX-License-Identifier: Apache-2.0
/// Kernels of every CPU level against the scalar ones, with guard bytes behind what they write.
#include "codec/samples/kernels.hpp"

#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <random>
#include <vector>

#include "base/target_region.hpp"
#include "radpix/cpu.hpp"

#if RADPIX_HAS_AVX2_TARGET

namespace radpix::samples {
namespace {

constexpr Index most = 200, guard = 8;

class sample_kernels : public ::testing::Test {
protected:
    void SetUp() override {
        if (detected_cpu_level() != CpuLevel::avx2) {
            GTEST_SKIP() << "this processor has one level only";
        }
    }

    using Planes = std::array<std::vector<std::byte>, 3>;
    using Separate = void (*)(const std::byte *source, std::byte *const *planes, Index count) noexcept;

    /// What a kernel makes of the first `count` pixels of noise, and the guard bytes behind.
    static Planes separated(Separate separate, const std::vector<std::byte> &source, Index count) {
        Planes planes;
        std::array<std::byte *, 3> pointers{};
        for (std::size_t k = 0; k < 3; ++k) {
            planes[k].assign(most + guard, std::byte{0xA5});
            pointers[k] = planes[k].data();
        }
        separate(source.data(), pointers.data(), count);
        return planes;
    }

    static std::vector<std::byte> noise() {
        std::mt19937 random(1);
        std::vector<std::byte> bytes(3 * most);
        for (std::byte &byte : bytes) {
            byte = static_cast<std::byte>(random() & 0xFF);
        }
        return bytes;
    }
};

TEST_F(sample_kernels, separate_interleaved_bytes_of_any_count) {
    const auto bytes = noise();
    for (Index count = 0; count <= most; ++count) {
        EXPECT_EQ(separated(avx2_kernels.separate3[0], bytes, count),
                  separated(scalar_kernels.separate3[0], bytes, count))
            << count;
    }
}

TEST_F(sample_kernels, separate_halved_chroma_of_any_even_count) {
    const auto bytes = noise();
    for (Index count = 0; count <= most; count += 2) {
        EXPECT_EQ(separated(avx2_kernels.separate_422[0], bytes, count),
                  separated(scalar_kernels.separate_422[0], bytes, count))
            << count;
    }
}

TEST_F(sample_kernels, convert_every_ybr_triple_alike) {
    constexpr std::size_t size = 256;
    using Row = std::array<std::uint8_t, size + 1>; // not a multiple of any vector: the rest is converted too
    for (int cb = 0; cb < 256; ++cb) {
        for (int cr = 0; cr < 256; ++cr) {
            std::array<Row, 3> scalar{};
            std::iota(scalar[0].begin(), scalar[0].end(), std::uint8_t{0});
            scalar[1].fill(static_cast<std::uint8_t>(cb));
            scalar[2].fill(static_cast<std::uint8_t>(cr));
            std::array<Row, 3> fast = scalar;
            scalar_kernels.ybr_full_to_rgb(scalar[0].data(), scalar[1].data(), scalar[2].data(), size);
            avx2_kernels.ybr_full_to_rgb(fast[0].data(), fast[1].data(), fast[2].data(), size);
            ASSERT_EQ(fast, scalar) << cb << ' ' << cr;
        }
    }
}

TEST_F(sample_kernels, convert_any_number_of_pixels_and_no_more) {
    const auto bytes = noise();
    for (Index count = 0; count <= most; ++count) {
        Planes scalar = separated(scalar_kernels.separate3[0], bytes, most);
        Planes fast = scalar;
        const auto convert = [count](const Kernels &kernels, Planes &planes) {
            kernels.ybr_full_to_rgb(reinterpret_cast<std::uint8_t *>(planes[0].data()),
                                    reinterpret_cast<std::uint8_t *>(planes[1].data()),
                                    reinterpret_cast<std::uint8_t *>(planes[2].data()), count);
        };
        convert(scalar_kernels, scalar);
        convert(avx2_kernels, fast);
        EXPECT_EQ(fast, scalar) << count;
    }
}

} // namespace
} // namespace radpix::samples

#endif
