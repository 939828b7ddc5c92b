// SPDX-License-Identifier: Apache-2.0
#include "radpix/window.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "errors_testing.hpp"
#include "radpix/cpu.hpp"
#include "radpix/error.hpp"
#include "window/rows.hpp"
#include "window/staircase.hpp"

namespace radpix {
namespace {

using namespace window_kernels;

template <class T>
constexpr DataType type_of_element() {
    for (int i = 0; i <= static_cast<int>(DataType::float64); ++i) {
        const auto type = static_cast<DataType>(i);
        if (with_type(type, [](auto tag) { return std::is_same_v<typename decltype(tag)::type, T>; })) {
            return type;
        }
    }
    return DataType::uint8;
}

template <class T>
ArrayView flat(std::vector<T> &values) {
    ArrayView view{values.data(), type_of_element<T>(), 1, {}, {}};
    view.shape[0] = static_cast<Index>(values.size());
    view.strides[0] = 1;
    return view;
}

template <class Out, class In>
std::vector<Out> windowed(std::vector<In> pixels, const Voi &voi, int threads = 1) {
    std::vector<Out> out(pixels.size());
    window(flat(pixels), flat(out), voi, threads);
    return out;
}

/// PS3.3 C.11.2.1.2.1, written once more.
double linear_formula(double x, double c, double w, double y_min, double y_max) {
    if (x <= c - 0.5 - (w - 1) / 2) {
        return y_min;
    }
    if (x > c - 0.5 + (w - 1) / 2) {
        return y_max;
    }
    return ((x - (c - 0.5)) / (w - 1) + 0.5) * (y_max - y_min) + y_min;
}

template <class T>
std::vector<T> all_values() {
    std::vector<T> values;
    for (std::int32_t x = std::numeric_limits<T>::min(); x <= std::numeric_limits<T>::max(); ++x) {
        values.push_back(static_cast<T>(x));
    }
    return values;
}

class window_at_level : public testing::TestWithParam<const char *> {
protected:
    void SetUp() override {
        if (std::string_view(GetParam()) == "avx2" && detected_cpu_level() < CpuLevel::avx2) {
            GTEST_SKIP() << "no AVX2 here";
        }
        set_cpu_level(GetParam());
    }
    void TearDown() override { set_cpu_level("auto"); }
};
INSTANTIATE_TEST_SUITE_P(levels, window_at_level, testing::Values("scalar", "avx2"));

TEST_P(window_at_level, follows_the_examples_of_the_standard) {
    // The Note of C.11.2.1.2.1, with an output range of 0 to 255.
    const std::vector<double> x{-100, -50, -49.5, -0.5, -0.4, 0, 49, 49.1, 2047, 2047.5, 2048, 4095, 4096};
    for (const auto &[c, w] : {std::pair{2048.0, 4096.0}, {2048.0, 1.0}, {0.0, 100.0}, {0.0, 1.0}}) {
        Voi voi;
        voi.center = c;
        voi.width = w;
        const auto y = windowed<double>(x, voi);
        for (std::size_t i = 0; i < x.size(); ++i) {
            EXPECT_EQ(y[i], linear_formula(x[i], c, w, 0, 255)) << "c " << c << " w " << w << " x " << x[i];
        }
    }
    Voi full;
    full.center = 2048;
    full.width = 4096;
    EXPECT_EQ(windowed<std::uint8_t>(std::vector<double>{0, 2047.5, 4095}, full),
              (std::vector<std::uint8_t>{0, 128, 255}));
}

template <class T>
void expect_formula_for_all_values(std::mt19937 &random) {
    const std::vector<T> pixels = all_values<T>();
    std::uniform_real_distribution<double> center(-2000, 4000), width(1, 5000), slope(-3, 3);
    Voi voi;
    voi.center = std::round(2 * center(random)) / 2;
    voi.width = std::round(width(random));
    voi.slope = random() % 2 == 0 ? 1.0 : slope(random);
    voi.intercept = random() % 2 == 0 ? -1024.0 : center(random);
    voi.invert = random() % 2 == 0;
    const auto levels = windowed<std::uint8_t>(pixels, voi);
    for (std::size_t i = 0; i < pixels.size(); ++i) {
        const double x = voi.slope * static_cast<double>(pixels[i]) + voi.intercept;
        const double y = std::nearbyint(linear_formula(x, voi.center, voi.width, 0, 255));
        ASSERT_EQ(levels[i], voi.invert ? 255 - y : y) << "pixel " << +pixels[i] << " center " << voi.center;
    }
}

TEST_P(window_at_level, gives_the_formula_for_every_16_bit_value) {
    std::mt19937 random(5);
    for (int i = 0; i < 40; ++i) {
        expect_formula_for_all_values<std::int16_t>(random);
        expect_formula_for_all_values<std::uint16_t>(random);
    }
}

TEST_P(window_at_level, writes_its_rows_and_nothing_beside_them) {
    std::vector<std::int16_t> pixels(9000);
    for (std::size_t i = 0; i < pixels.size(); ++i) {
        pixels[i] = static_cast<std::int16_t>(i * 37 % 1000 - 400);
    }
    Voi voi;
    voi.center = 40;
    voi.width = 400;
    std::vector<Index> lengths{2047, 2048, 2079, 2080, 2111, 4096};
    for (Index n = 0; n <= 70; ++n) {
        lengths.push_back(n);
    }
    for (const Index n : lengths) {
        for (const Index offset : {0, 1, 7}) {
            std::vector<std::uint8_t> out(9000, 0xA5);
            ArrayView from{pixels.data() + offset, DataType::int16, 1, {n}, {1}};
            ArrayView to{out.data() + offset + 32, DataType::uint8, 1, {n}, {1}};
            window(from, to, voi, 1);
            for (Index i = 0; i < static_cast<Index>(out.size()); ++i) {
                const Index pixel = i - 32;
                const bool inside = pixel >= offset && pixel < offset + n;
                const double x = inside ? pixels[static_cast<std::size_t>(pixel)] : 0.0;
                const double y = inside ? std::nearbyint(linear_formula(x, 40, 400, 0, 255)) : 0xA5;
                ASSERT_EQ(out[static_cast<std::size_t>(i)], y) << "length " << n << " offset " << offset;
            }
        }
    }
}

TEST_P(window_at_level, large_outputs_are_streamed_alike_at_every_alignment) {
    std::vector<std::int16_t> pixels(std::size_t{9} << 20);
    for (std::size_t i = 0; i < pixels.size(); ++i) {
        pixels[i] = static_cast<std::int16_t>(i % 2001 - 1000);
    }
    Voi voi;
    voi.center = 40;
    voi.width = 400;
    std::vector<std::uint8_t> out(pixels.size() + 64, 0xA5);
    const auto n = static_cast<Index>(pixels.size()) - 13;
    for (const Index offset : {0, 5}) {
        window({pixels.data(), DataType::int16, 1, {n}, {1}},
               {out.data() + offset, DataType::uint8, 1, {n}, {1}}, voi, 2);
        bool equal = true;
        for (Index i = 0; i < n; ++i) {
            const double y = linear_formula(pixels[static_cast<std::size_t>(i)], 40, 400, 0, 255);
            equal &= out[static_cast<std::size_t>(i + offset)] == std::nearbyint(y);
        }
        EXPECT_TRUE(equal);
        EXPECT_EQ(out[static_cast<std::size_t>(n + offset)], 0xA5);
    }
}

TEST_P(window_at_level, nan_becomes_the_minimum_of_integers_and_stays_in_floats) {
    const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = HUGE_VAL;
    const std::vector<double> x{nan, -infinity, infinity};
    for (const auto function : {VoiFunction::linear, VoiFunction::linear_exact, VoiFunction::sigmoid}) {
        Voi voi;
        voi.function = function;
        voi.width = 10;
        EXPECT_EQ(windowed<std::uint8_t>(x, voi), (std::vector<std::uint8_t>{0, 0, 255}));
        voi.invert = true;
        EXPECT_EQ(windowed<std::uint8_t>(x, voi), (std::vector<std::uint8_t>{255, 255, 0}));
        voi.maximum = 1;
        const auto y = windowed<float>(x, voi);
        EXPECT_TRUE(std::isnan(y[0]));
        EXPECT_EQ(y[1], 1.0F);
        EXPECT_NEAR(y[2], 0.0F, 1e-30F);
    }
}

TEST_P(window_at_level, the_sigmoid_is_that_of_the_mathematical_library) {
    std::vector<double> x;
    for (int i = -4000; i <= 4000; ++i) {
        x.push_back(0.37 * i);
    }
    Voi voi;
    voi.function = VoiFunction::sigmoid;
    voi.width = 100;
    voi.maximum = 1;
    const auto y = windowed<double>(x, voi);
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double expected = 1.0 / (1.0 + std::exp(-4.0 * x[i] / 100));
        EXPECT_NEAR(y[i], expected, 4e-16 * expected + 1e-300);
    }
}

TEST(staircase, a_ramp_is_proven_for_clinical_windows) {
    int proven = 0, tried = 0;
    for (const double width : {80.0, 150.0, 250.0, 350.0, 400.0, 600.0, 1500.0, 1800.0, 2000.0, 2800.0}) {
        for (double center = -600; center <= 1000; center += 12.5, ++tried) {
            Voi voi;
            voi.center = center;
            voi.width = width;
            const auto steps = Staircase(voi, DataType::int16, kernels()).steps();
            proven += proven_ramp(voi, DataType::int16, steps, kernels()) ? 1 : 0;
        }
    }
    EXPECT_EQ(proven, tried);
}

TEST(staircase, its_steps_cover_the_type_in_order) {
    Voi voi;
    voi.center = 30000;
    voi.width = 1000;
    voi.slope = -1;
    const auto steps = Staircase(voi, DataType::int16, kernels()).steps();
    ASSERT_FALSE(steps.empty());
    EXPECT_EQ(steps.front().first, -32768);
    EXPECT_EQ(steps.back().last, 32767);
    for (std::size_t i = 1; i < steps.size(); ++i) {
        EXPECT_EQ(steps[i].first, steps[i - 1].last + 1);
        EXPECT_LT(steps[i].level, steps[i - 1].level);
    }
}

TEST(rows, contiguous_and_flipped_volumes_are_one_row) {
    std::vector<std::int16_t> pixels(24);
    std::vector<std::uint8_t> out(24);
    const Rows straight({pixels.data(), DataType::int16, 3, {2, 3, 4}, {12, 4, 1}},
                        {out.data(), DataType::uint8, 3, {2, 3, 4}, {12, 4, 1}});
    EXPECT_TRUE(straight.both_contiguous());
    const Rows flipped({pixels.data() + 23, DataType::int16, 3, {2, 3, 4}, {-12, -4, -1}},
                       {out.data() + 23, DataType::uint8, 3, {2, 3, 4}, {-12, -4, -1}});
    EXPECT_TRUE(flipped.both_contiguous());
    const Rows transposed({pixels.data(), DataType::int16, 3, {4, 3, 2}, {1, 4, 12}},
                          {out.data(), DataType::uint8, 3, {4, 3, 2}, {1, 4, 12}});
    EXPECT_TRUE(transposed.both_contiguous());
    const Rows every_second({pixels.data(), DataType::int16, 1, {12}, {2}},
                            {out.data(), DataType::uint8, 1, {12}, {1}});
    EXPECT_FALSE(every_second.both_contiguous());
    EXPECT_EQ(every_second.pixel_stride(), 2);
}

TEST(window, refuses_what_has_no_meaning_and_leaves_the_output) {
    std::vector<std::int16_t> pixels(4), wrong_type(4);
    std::vector<std::uint8_t> out(4, 7), longer(5);
    const double infinity = HUGE_VAL;
    const auto code = [&](auto change) {
        Voi voi;
        change(voi);
        return code_thrown_by([&] { window(flat(pixels), flat(out), voi, 1); });
    };
    EXPECT_EQ(code([](Voi &v) { v.width = 0.99; }), Errc::invalid_argument);
    EXPECT_EQ(code([](Voi &v) { v.width = std::nan(""); }), Errc::invalid_argument);
    EXPECT_EQ(code([=](Voi &v) { v.center = infinity; }), Errc::invalid_argument);
    EXPECT_EQ(code([=](Voi &v) { v.slope = infinity; }), Errc::invalid_argument);
    EXPECT_EQ(code([](Voi &v) { v.maximum = 256; }), Errc::invalid_argument);
    EXPECT_EQ(code([](Voi &v) { v.minimum = 0.5; }), Errc::invalid_argument);
    EXPECT_EQ(code([](Voi &v) { v.minimum = 9, v.maximum = 8; }), Errc::invalid_argument);
    EXPECT_EQ(code([](Voi &v) { v.function = VoiFunction::sigmoid, v.width = 0; }), Errc::invalid_argument);
    EXPECT_EQ(code_thrown_by([&] { window(flat(pixels), flat(longer), Voi{}, 1); }), Errc::shape_mismatch);
    EXPECT_EQ(code_thrown_by([&] { window(flat(pixels), flat(wrong_type), Voi{}, 1); }),
              Errc::unsupported_type);
    EXPECT_EQ(code_thrown_by([] { (void)voi_function_named("linear"); }), Errc::invalid_argument);
    EXPECT_EQ(out, std::vector<std::uint8_t>(4, 7));
}

TEST_P(window_at_level, rescale_shifts_and_saturates_every_16_bit_value) {
    const auto expect_shift = [](auto pixels, double intercept) {
        std::vector<std::int16_t> out(pixels.size());
        rescale(flat(pixels), flat(out), 1.0, intercept, 1);
        for (std::size_t i = 0; i < pixels.size(); ++i) {
            const double y = std::clamp(pixels[i] + std::nearbyint(intercept), -32768.0, 32767.0);
            ASSERT_EQ(out[i], y) << +pixels[i] << " + " << intercept;
        }
    };
    for (const double b :
         {-1e9, -65537., -65536., -65535., -32769., -32768., -1024., -1., 0., 1., 32767., 32768.}) {
        expect_shift(all_values<std::int16_t>(), b);
        expect_shift(all_values<std::uint16_t>(), b);
    }
}

TEST_P(window_at_level, rescale_rounds_half_to_even_and_saturates) {
    std::vector<double> x{0.5, 1.5, -0.5, -2.5, 1e300, -1e300, HUGE_VAL, std::nan("")};
    std::vector<std::int32_t> out(x.size());
    rescale(flat(x), flat(out), 1.0, 0.0, 1);
    constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max();
    EXPECT_EQ(out, (std::vector<std::int32_t>{0, 2, 0, -2, most, -most - 1, most, -most - 1}));
    std::vector<std::uint32_t> wide(x.size());
    rescale(flat(x), flat(wide), 1.0, 0.0, 1);
    EXPECT_EQ(wide, (std::vector<std::uint32_t>{0, 2, 0, 0, 4294967295U, 0, 4294967295U, 0}));
    std::vector<std::int64_t> unsupported(x.size());
    EXPECT_EQ(code_thrown_by([&] { rescale(flat(x), flat(unsupported), 1.0, 0.0, 1); }),
              Errc::unsupported_type);
}

TEST(LookUp, TakesTheEntryThatThePixelsBitsNumber) {
    std::vector<std::int16_t> pixels{0, 1, -1, 32767, -32768, 5, 5, 5, 5};
    std::vector<float> table(65536);
    for (std::size_t i = 0; i < table.size(); ++i) {
        table[i] = static_cast<float>(i) / 2.0F;
    }
    std::vector<float> out(pixels.size());
    look_up(flat(pixels), flat(out), flat(table));
    EXPECT_EQ(out, (std::vector<float>{0.0F, 0.5F, 32767.5F, 16383.5F, 16384.0F, 2.5F, 2.5F, 2.5F, 2.5F}));
}

TEST(LookUp, RefusesTablesThatDoNotFitAndLeavesTheOutput) {
    std::vector<std::uint8_t> pixels(4), out(4, 7), table(256), short_table(255);
    std::vector<std::int32_t> wide(4);
    std::vector<std::uint16_t> words(256);
    EXPECT_EQ(code_thrown_by([&] { look_up(flat(pixels), flat(out), flat(short_table)); }),
              Errc::shape_mismatch);
    EXPECT_EQ(code_thrown_by([&] { look_up(flat(pixels), flat(out), flat(words)); }), Errc::unsupported_type);
    EXPECT_EQ(code_thrown_by([&] { look_up(flat(wide), flat(out), flat(table)); }), Errc::unsupported_type);
    EXPECT_EQ(out, (std::vector<std::uint8_t>(4, 7)));
}

} // namespace
} // namespace radpix
