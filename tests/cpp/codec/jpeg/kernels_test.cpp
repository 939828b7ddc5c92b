// SPDX-License-Identifier: Apache-2.0
/// Kernels of every CPU level against the scalar ones, between guard samples.
#include "codec/jpeg/kernels/kernels.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "base/target_region.hpp"
#include "codec/jpeg/planes.hpp"

namespace radpix::jpeg {
namespace {

template <class Sample>
struct Levels;
template <>
struct Levels<std::uint8_t> {
    static constexpr int precision = 8;
};
template <>
struct Levels<std::uint16_t> {
    static constexpr int precision = 12;
};

template <class Sample>
class jpeg_kernels : public ::testing::Test {
protected:
    void SetUp() override {
        if (detected_cpu_level() != CpuLevel::avx2) {
            GTEST_SKIP() << "this processor has one level only";
        }
    }
    [[nodiscard]] const SampleKernels<Sample> &scalar() const {
        return sample_kernels<Sample>(CpuLevel::scalar);
    }
    [[nodiscard]] const SampleKernels<Sample> &fast() const {
        return sample_kernels<Sample>(detected_cpu_level());
    }
    std::vector<Sample> row(std::size_t size) {
        std::vector<Sample> samples(size);
        for (Sample &sample : samples) {
            const unsigned value = generator_();
            sample = static_cast<Sample>(value % 5 == 0 ? (value & 8 ? most : 0) : value >> 8 & most);
        }
        return samples;
    }
    static constexpr unsigned most = (1U << Levels<Sample>::precision) - 1;
    static constexpr Sample guard = 0x5A;
    std::mt19937 generator_{7};
};

using Samples = ::testing::Types<std::uint8_t, std::uint16_t>;
TYPED_TEST_SUITE(jpeg_kernels, Samples);

TYPED_TEST(jpeg_kernels, inverse_dct_of_anything_is_the_same) {
    for (int round = 0; round < 3000; ++round) {
        alignas(32) std::array<std::int16_t, 64> coefficients{};
        alignas(32) std::array<std::uint16_t, 64> quantization{};
        for (std::size_t i = 0; i < 64; ++i) {
            const bool present = round % 3 != 0 || this->generator_() % 8 == 0;
            const int spread = round % 2 == 0 ? 15 : 22;
            coefficients[i] =
                present ? static_cast<std::int16_t>(static_cast<int>(this->generator_()) >> spread) : 0;
            quantization[i] =
                static_cast<std::uint16_t>(1 + this->generator_() % (round % 5 == 0 ? 65535 : 16));
        }
        std::vector<TypeParam> expected(8 * 11 + 8, this->guard), found(expected);
        this->scalar().inverse_dct(coefficients.data(), quantization.data(), expected.data(), 11);
        this->fast().inverse_dct(coefficients.data(), quantization.data(), found.data(), 11);
        ASSERT_EQ(expected, found);
    }
}

TYPED_TEST(jpeg_kernels, inverse_dct_of_the_first_4x4_coefficients_is_that_of_all) {
    for (int round = 0; round < 1000; ++round) {
        alignas(32) std::array<std::int16_t, 64> coefficients{};
        alignas(32) std::array<std::uint16_t, 64> quantization{};
        quantization.fill(static_cast<std::uint16_t>(1 + this->generator_() % 500));
        for (std::size_t i = 0; i < 16; ++i) {
            const int value = static_cast<int>(this->generator_()) >> (round % 2 == 0 ? 16 : 24);
            coefficients[i / 4 * 8 + i % 4] = static_cast<std::int16_t>(value);
        }
        std::vector<TypeParam> expected(64, this->guard), low(64), fast_low(64);
        this->scalar().inverse_dct(coefficients.data(), quantization.data(), expected.data(), 8);
        this->scalar().inverse_dct_4x4(coefficients.data(), quantization.data(), low.data(), 8);
        this->fast().inverse_dct_4x4(coefficients.data(), quantization.data(), fast_low.data(), 8);
        ASSERT_EQ(expected, low);
        ASSERT_EQ(expected, fast_low);
    }
}

TYPED_TEST(jpeg_kernels, upsampling_is_the_same_at_every_width) {
    constexpr Index padding = Planes<TypeParam>::padding;
    for (Index width = 1; width <= 70; ++width) {
        const auto size = static_cast<std::size_t>(width + 2 * padding);
        const std::vector<TypeParam> near = this->row(size), far = this->row(size);
        std::vector<TypeParam> expected(static_cast<std::size_t>(2 * width + padding), this->guard),
            found(expected);
        const auto compare = [&](Index count) {
            expected.resize(static_cast<std::size_t>(count));
            found.resize(static_cast<std::size_t>(count));
            ASSERT_EQ(expected, found) << width;
            expected.resize(static_cast<std::size_t>(2 * width + padding));
            found.resize(expected.size());
        };
        this->scalar().upsample_h2(near.data() + padding, expected.data(), width);
        this->fast().upsample_h2(near.data() + padding, found.data(), width);
        compare(2 * width);
        this->scalar().upsample_h2v2(near.data() + padding, far.data() + padding, expected.data(), width);
        this->fast().upsample_h2v2(near.data() + padding, far.data() + padding, found.data(), width);
        compare(2 * width);
        this->scalar().upsample_v2(near.data() + padding, far.data() + padding, expected.data(), width, 2);
        this->fast().upsample_v2(near.data() + padding, far.data() + padding, found.data(), width, 2);
        compare(width);
    }
}

TYPED_TEST(jpeg_kernels, colour_is_the_same_at_every_width_and_nothing_is_written_behind) {
    for (Index width = 1; width <= 70; ++width) {
        const auto size = static_cast<std::size_t>(width);
        const std::vector<TypeParam> y = this->row(size), cb = this->row(size), cr = this->row(size);
        std::vector<TypeParam> expected(3 * size + 32, this->guard), found(expected);
        const int precision = Levels<TypeParam>::precision;
        this->scalar().ycc_to_rgb(y.data(), cb.data(), cr.data(), expected.data(), width, precision);
        this->fast().ycc_to_rgb(y.data(), cb.data(), cr.data(), found.data(), width, precision);
        ASSERT_EQ(expected, found) << width;
        ASSERT_EQ(found[3 * size], this->guard);
        this->scalar().interleave_3(y.data(), cb.data(), cr.data(), expected.data(), width);
        this->fast().interleave_3(y.data(), cb.data(), cr.data(), found.data(), width);
        ASSERT_EQ(expected, found) << width;
        ASSERT_EQ(found[3 * size - 2], cb[size - 1]);
        ASSERT_EQ(found[3 * size], this->guard);
    }
}

TEST(jpeg_colour_kernel, every_pair_of_chrominances_is_the_same) {
    if (detected_cpu_level() != CpuLevel::avx2) {
        GTEST_SKIP() << "this processor has one level only";
    }
    std::vector<std::uint8_t> y(256), cb(256), cr(256), expected(768), found(768);
    for (int blue = 0; blue < 256; ++blue) {
        for (int red = 0; red < 256; ++red) {
            cb[static_cast<std::size_t>(red)] = static_cast<std::uint8_t>(blue);
            cr[static_cast<std::size_t>(red)] = static_cast<std::uint8_t>(red);
            y[static_cast<std::size_t>(red)] = static_cast<std::uint8_t>(blue * 7 + red * 13);
        }
        sample_kernels<std::uint8_t>(CpuLevel::scalar)
            .ycc_to_rgb(y.data(), cb.data(), cr.data(), expected.data(), 256, 8);
        sample_kernels<std::uint8_t>(CpuLevel::avx2)
            .ycc_to_rgb(y.data(), cb.data(), cr.data(), found.data(), 256, 8);
        ASSERT_EQ(expected, found);
    }
}

} // namespace
} // namespace radpix::jpeg
