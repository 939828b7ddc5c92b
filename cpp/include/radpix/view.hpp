// SPDX-License-Identifier: Apache-2.0
/// Non-owning, trivially copied views of pixels and voxels. Strides are signed and counted in elements, so a
/// flipped or transposed NumPy array is a view like any other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace radpix {

/// Extents, indices and strides everywhere (C++ Core Guidelines ES.107).
using Index = std::int64_t;

/// Rows x columns of one sample.
template <class T>
struct PlaneView {
    T *data = nullptr;
    Index height = 0, width = 0;
    Index row_stride = 0, column_stride = 0;

    [[nodiscard]] T *row(Index y) const noexcept { return data + y * row_stride; }
    [[nodiscard]] T &operator()(Index y, Index x) const noexcept { return row(y)[x * column_stride]; }
    operator PlaneView<const T>() const noexcept // NOLINT(google-explicit-constructor): as T* -> const T*
        requires(!std::is_const_v<T>)
    {
        return {data, height, width, row_stride, column_stride};
    }
};

/// Slices x rows x columns of one sample, index order (z, y, x).
template <class T>
struct VolumeView {
    T *data = nullptr;
    Index depth = 0, height = 0, width = 0;
    Index slice_stride = 0, row_stride = 0, column_stride = 0;

    [[nodiscard]] PlaneView<T> slice(Index z) const noexcept {
        return {data + z * slice_stride, height, width, row_stride, column_stride};
    }
    [[nodiscard]] T *row(Index z, Index y) const noexcept { return data + z * slice_stride + y * row_stride; }
    [[nodiscard]] T &operator()(Index z, Index y, Index x) const noexcept {
        return row(z, y)[x * column_stride];
    }
    operator VolumeView<const T>() const noexcept // NOLINT(google-explicit-constructor): as T* -> const T*
        requires(!std::is_const_v<T>)
    {
        return {data, depth, height, width, slice_stride, row_stride, column_stride};
    }
};

/// Element types that cross the public interface.
enum class DataType : std::uint8_t {
    uint8,
    int8,
    uint16,
    int16,
    uint32,
    int32,
    uint64,
    int64,
    float32,
    float64
};

[[nodiscard]] constexpr Index size_of(DataType type) noexcept {
    switch (type) {
    case DataType::uint8:
    case DataType::int8:
        return 1;
    case DataType::uint16:
    case DataType::int16:
        return 2;
    case DataType::uint32:
    case DataType::int32:
    case DataType::float32:
        return 4;
    case DataType::uint64:
    case DataType::int64:
    case DataType::float64:
        return 8;
    }
    return 0;
}

/// An array of up to `max_rank` dimensions whose element type is known at run time only.
struct ArrayView {
    static constexpr int max_rank = 8;

    void *data = nullptr;
    DataType type = DataType::uint8;
    int rank = 0;
    std::array<Index, max_rank> shape{};
    std::array<Index, max_rank> strides{};

    [[nodiscard]] Index size() const noexcept {
        Index n = 1;
        for (int axis = 0; axis < rank; ++axis) {
            n *= shape[static_cast<std::size_t>(axis)];
        }
        return n;
    }

    /// Two axes as rows and columns; the caller has checked rank and type.
    template <class T>
    [[nodiscard]] PlaneView<T> plane() const noexcept {
        return {static_cast<T *>(data), shape[0], shape[1], strides[0], strides[1]};
    }
    /// Three axes as (z, y, x); the caller has checked rank and type.
    template <class T>
    [[nodiscard]] VolumeView<T> volume() const noexcept {
        return {static_cast<T *>(data), shape[0], shape[1], shape[2], strides[0], strides[1], strides[2]};
    }
};

/// Calls `f(std::type_identity<T>{})` with the C++ type behind `type`.
template <class F>
decltype(auto) with_type(DataType type, F &&f) {
    switch (type) {
    case DataType::uint8:
        return f(std::type_identity<std::uint8_t>{});
    case DataType::int8:
        return f(std::type_identity<std::int8_t>{});
    case DataType::uint16:
        return f(std::type_identity<std::uint16_t>{});
    case DataType::int16:
        return f(std::type_identity<std::int16_t>{});
    case DataType::uint32:
        return f(std::type_identity<std::uint32_t>{});
    case DataType::int32:
        return f(std::type_identity<std::int32_t>{});
    case DataType::uint64:
        return f(std::type_identity<std::uint64_t>{});
    case DataType::int64:
        return f(std::type_identity<std::int64_t>{});
    case DataType::float32:
        return f(std::type_identity<float>{});
    case DataType::float64:
        break;
    }
    return f(std::type_identity<double>{});
}

} // namespace radpix
