// SPDX-License-Identifier: Apache-2.0
#include "codec/rle/block_decoder.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "radpix/error.hpp"

namespace radpix::rle {
namespace {

/// The error is that of the first short segment, whichever thread met which one first.
[[noreturn]] void throw_short_segment(const Frame &frame) {
    for (std::size_t i = 0; i < frame.segments.size(); ++i) {
        const Bytes segment = frame.segments[i];
        Cursor cursor{segment.data(), segment.data() + segment.size()};
        const Index bytes = skip(cursor, all_bytes);
        if (bytes < frame.pixels) {
            throw_error(Errc::truncated,
                        "RLE segment " + std::to_string(i) + " ends after " + std::to_string(bytes) + " of " +
                            std::to_string(frame.pixels) + " bytes",
                        segment.data() + segment.size() - frame.codestream.data());
        }
    }
    throw_error(Errc::truncated, "an RLE segment ends early", static_cast<Index>(frame.codestream.size()));
}

} // namespace

Positions begin_of(const Frame &frame) noexcept {
    Positions positions{};
    for (std::size_t i = 0; i < frame.segments.size(); ++i) {
        const Bytes segment = frame.segments[i];
        positions[i].cursor = {segment.data(), segment.data() + segment.size()};
    }
    return positions;
}

BlockDecoder::BlockDecoder(const Frame &frame, const Positions &positions, Index first)
    : frame_(frame), planes_(static_cast<int>(frame.segments.size())),
      block_(std::clamp<Index>((Index{16} << 10) / planes_, 1024, 4096)),
      plane_stride_(block_ + 2 * longest_run), size_(frame.sink.sample_size()),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(
          static_cast<std::size_t>(planes_ * (plane_stride_ + block_)))) {
    for (int plane = 0; plane < planes_; ++plane) {
        start(plane, positions[index(plane)], first);
    }
}

Index BlockDecoder::block_at(Index pixel) const noexcept {
    const Index columns = frame_.sink.columns();
    return std::min({block_, columns - pixel % columns, frame_.pixels - pixel});
}

void BlockDecoder::decode(Index pixel, Index count) {
    for (int plane = 0; plane < planes_; ++plane) {
        lanes_[index(plane)].stop = plane_at(plane) + count;
    }
    unpack(lanes_.data(), planes_);
    write(pixel / frame_.sink.columns(), pixel % frame_.sink.columns(), count);
    for (int plane = 0; plane < planes_; ++plane) {
        drop(plane, count);
    }
}

void BlockDecoder::report_long_segments(std::vector<Deviation> &deviations) const {
    for (int plane = 0; plane < planes_; ++plane) {
        const Lane &lane = lanes_[index(plane)];
        Cursor rest{lane.next, lane.end};
        const Index extra = lane.out - plane_at(plane) + skip(rest, all_bytes);
        if (extra > 0) {
            deviations.push_back({"rle-segment-long",
                                  "RLE segment " + std::to_string(plane) + " holds " + std::to_string(extra) +
                                      " bytes more than the frame has pixels; they are ignored",
                                  0, lane.next - frame_.codestream.data()});
        }
    }
}

void BlockDecoder::start(int plane, const Position &position, Index first) {
    const Index before = first - position.passed;
    Lane &lane = lanes_[index(plane)];
    lane = {position.cursor.next, position.cursor.end, plane_at(plane), plane_at(plane) + before};
    if (before > 0) { // the packet that crosses the edge
        unpack(&lane, 1);
        drop(plane, before);
    }
}

void BlockDecoder::unpack(Lane *lanes, int count) {
    kernels_.unpack(lanes, count, frame_.codestream.data() + frame_.codestream.size());
    for (int i = 0; i < count; ++i) {
        if (lanes[i].out < lanes[i].stop) {
            throw_short_segment(frame_);
        }
    }
}

void BlockDecoder::drop(int plane, Index count) noexcept {
    Lane &lane = lanes_[index(plane)];
    const Index left = lane.out - plane_at(plane) - count;
    std::memmove(plane_at(plane), plane_at(plane) + count, static_cast<std::size_t>(left));
    lane.out -= count;
}

void BlockDecoder::write(Index row, Index column, Index count) noexcept {
    const samples::FrameSink &sink = frame_.sink;
    const auto kind = samples::size_index(size_);
    if (size_ > 1 && sink.samples() == 1 && sink.rows_are_dense()) {
        join(0, sink.at(row, column), count);
        return;
    }
    std::array<std::byte *, max_segments> samples_of_row{};
    for (int sample = 0; sample < sink.samples(); ++sample) {
        samples_of_row[index(sample)] = size_ > 1 ? joined_at(sample) : plane_at(sample);
        if (size_ > 1) {
            join(sample, joined_at(sample), count);
        } else if (!frame_.bits.are_all()) {
            row_kernels_.keep_stored_bits[kind](plane_at(sample), count, frame_.bits);
        }
    }
    if (frame_.to_rgb) {
        row_kernels_.ybr_full_to_rgb(reinterpret_cast<std::uint8_t *>(plane_at(0)),
                                     reinterpret_cast<std::uint8_t *>(plane_at(1)),
                                     reinterpret_cast<std::uint8_t *>(plane_at(2)), count);
    }
    sink.write_planes(samples_of_row.data(), row, column, count, row_kernels_);
}

void BlockDecoder::join(int sample, std::byte *target, Index count) noexcept {
    const auto kind = samples::size_index(size_);
    std::array<const std::byte *, 8> parts{};
    for (int part = 0; part < size_; ++part) {
        parts[index(part)] = plane_at(sample * static_cast<int>(size_) + part);
    }
    row_kernels_.join_bytes[kind](parts.data(), target, count);
    if (!frame_.bits.are_all()) {
        row_kernels_.keep_stored_bits[kind](target, count, frame_.bits);
    }
}

} // namespace radpix::rle
