// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

#include "base/target_region.hpp"
#include "codec/jpeg2000/idwt/kernels.hpp"
#include "radpix/cpu.hpp"

namespace radpix::jpeg2000 {
namespace {

std::vector<float> row_97(const WaveletKernels &kernels, Index width, bool odd_start) {
    const Index evens = odd_start ? width / 2 : (width + 1) / 2;
    std::mt19937 random(static_cast<unsigned>(2 * width) + (odd_start ? 1U : 0U));
    std::uniform_real_distribution<float> values(-300, 300);
    std::vector<float> low(static_cast<std::size_t>(evens)), high(static_cast<std::size_t>(width - evens));
    for (std::vector<float> *band : {&low, &high}) {
        for (float &value : *band) {
            value = values(random);
        }
    }
    std::vector<float> row(static_cast<std::size_t>(width) + 16, 7);
    std::vector<float> scratch(static_cast<std::size_t>(width) + 48, 9);
    kernels.row_97(low.data(), high.data(), row.data(), width, odd_start, scratch.data());
    row.resize(static_cast<std::size_t>(width));
    return row;
}

TEST(WaveletKernels, rows_of_every_width_are_the_same_at_every_cpu_level) {
#if RADPIX_HAS_AVX2_TARGET
    if (cpu_level() != CpuLevel::avx2) {
        GTEST_SKIP() << "no AVX2";
    }
    for (Index width = 1; width < 120; ++width) {
        for (const bool odd_start : {false, true}) {
            EXPECT_EQ(row_97(avx2_wavelet_kernels, width, odd_start),
                      row_97(scalar_wavelet_kernels, width, odd_start))
                << width << ' ' << odd_start;
        }
    }
#endif
}

TEST(WaveletKernels, bytes_of_transformed_colours_are_those_of_single_steps) {
    const SampleRange range{128, 0, 255, true};
    constexpr Index count = 77;
    std::mt19937 random(5);
    std::vector<std::vector<std::int32_t>> yuv(3, std::vector<std::int32_t>(count));
    for (auto &plane : yuv) {
        for (std::int32_t &value : plane) {
            value = static_cast<std::int32_t>(random() % 700) - 350;
        }
    }
    yuv[0][3] = INT32_MAX;
    yuv[1][4] = INT32_MIN;
    const WaveletKernels &kernels = wavelet_kernels();
    std::vector<std::vector<std::uint8_t>> fused(3, std::vector<std::uint8_t>(count));
    kernels.finish_rct_bytes(yuv[0].data(), yuv[1].data(), yuv[2].data(), fused[0].data(), fused[1].data(),
                             fused[2].data(), count, range);
    kernels.inverse_rct(yuv[0].data(), yuv[1].data(), yuv[2].data(), count);
    for (std::size_t c = 0; c < 3; ++c) {
        std::vector<std::uint8_t> single(count);
        kernels.finish_integer.to_uint8(yuv[c].data(), single.data(), count, range);
        EXPECT_EQ(fused[c], single);
    }
}

} // namespace
} // namespace radpix::jpeg2000
