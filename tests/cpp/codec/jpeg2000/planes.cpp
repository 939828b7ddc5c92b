// SPDX-License-Identifier: Apache-2.0
// jpeg2000_planes CODESTREAM OUTPUT [REDUCE [THREADS [STRIP_ROWS]]]: decodes any codestream, whatever the
// sizes of its components, for the conformance tests. The output holds for each component width, height,
// precision, is-signed and the samples, all as native int32. Ends with 2 and the name of the error where
// decoding fails.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <span>
#include <vector>

#include "codec/jpeg2000/image_decoder.hpp"
#include "radpix/error.hpp"

namespace {

using radpix::Index;
namespace jpeg2000 = radpix::jpeg2000;

constexpr Index most_samples = Index{1} << 27;

class Planes final : public jpeg2000::SampleSink {
public:
    explicit Planes(const jpeg2000::ImageDecoder &decoder) {
        Index total = 0;
        for (std::size_t c = 0; c < decoder.size().components.size(); ++c) {
            const jpeg2000::Rect rect = decoder.output_rect(c);
            const auto &size = decoder.size().components[c];
            total += rect.width() * rect.height();
            if (total > most_samples) {
                radpix::throw_error(radpix::Errc::limit_exceeded, "more samples than a test has");
            }
            Plane plane;
            plane.header = {static_cast<std::int32_t>(rect.width()), static_cast<std::int32_t>(rect.height()),
                            size.precision, size.is_signed ? 1 : 0};
            plane.samples.resize(static_cast<std::size_t>(rect.width() * rect.height()));
            planes_.push_back(std::move(plane));
        }
    }

    void write(std::size_t component, Index y, Index x, const std::int32_t *samples,
               Index count) noexcept override {
        Plane &plane = planes_[component];
        std::copy(samples, samples + count, plane.samples.data() + y * plane.header[0] + x);
    }

    void save(const char *path) const {
        std::ofstream file(path, std::ios::binary);
        for (const Plane &plane : planes_) {
            write_numbers(file, plane.header);
            write_numbers(file, plane.samples);
        }
    }

private:
    struct Plane {
        std::vector<std::int32_t> header, samples;
    };

    static void write_numbers(std::ofstream &file, const std::vector<std::int32_t> &numbers) {
        file.write(reinterpret_cast<const char *>(numbers.data()),
                   static_cast<std::streamsize>(numbers.size() * sizeof(std::int32_t)));
    }

    std::vector<Plane> planes_;
};

} // namespace

int main(int count, char **arguments) {
    if (count < 3) {
        std::fputs("jpeg2000_planes CODESTREAM OUTPUT [REDUCE [THREADS [STRIP_ROWS]]]\n", stderr);
        return 1;
    }
    std::ifstream file(arguments[1], std::ios::binary);
    const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
    try {
        jpeg2000::ImageOptions options;
        options.reduce = count > 3 ? std::atoi(arguments[3]) : 0;
        options.threads = count > 4 ? std::atoi(arguments[4]) : 1;
        if (count > 5) {
            options.strips = {std::atoi(arguments[5]), 1};
        }
        jpeg2000::ImageDecoder decoder(std::as_bytes(std::span(bytes)), options);
        Planes planes(decoder);
        std::vector<radpix::Deviation> deviations;
        decoder.decode(planes, deviations);
        planes.save(arguments[2]);
    } catch (const radpix::Error &error) {
        std::fprintf(stderr, "%s: %s\n", radpix::name_of(error.errc()), error.what());
        return 2;
    }
    return 0;
}
