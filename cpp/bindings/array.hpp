// SPDX-License-Identifier: Apache-2.0
/// The one door between NumPy arrays and the core's views: nothing is converted or copied here.
#pragma once

#include <pybind11/numpy.h>

#include <string>

#include "radpix/error.hpp"
#include "radpix/view.hpp"

namespace radpix::bindings {

namespace py = pybind11;

/// The type of integers (NumPy's kinds i, u and b) of `size` bytes, or false.
inline bool find_integer(char kind, py::ssize_t size, DataType &type) {
    const bool is_signed = kind == 'i';
    switch (size) {
    case 1:
        type = is_signed ? DataType::int8 : DataType::uint8;
        return true;
    case 2:
        type = is_signed ? DataType::int16 : DataType::uint16;
        return true;
    case 4:
        type = is_signed ? DataType::int32 : DataType::uint32;
        return true;
    case 8:
        type = is_signed ? DataType::int64 : DataType::uint64;
        return true;
    default:
        return false;
    }
}

inline DataType data_type_of(const py::dtype &dtype) {
    const char order = dtype.byteorder();
    const char kind = dtype.kind();
    const auto size = dtype.itemsize();
    if (order == '=' || order == '|') { // NumPy normalises the machine's own order to '='
        DataType type{};
        if ((kind == 'u' || kind == 'i' || kind == 'b') && find_integer(kind, size, type)) {
            return type;
        }
        if (kind == 'f' && (size == 4 || size == 8)) {
            return size == 4 ? DataType::float32 : DataType::float64;
        }
    }
    throw py::type_error(
        "radpix works on integers of 8 to 64 bits, float32 and float64 in the machine's byte order, not "
        "on dtype " +
        py::str(static_cast<const py::object &>(dtype)).cast<std::string>() +
        "; convert it with array.astype");
}

/// A view of `array`; throws TypeError for dtypes and byte orders the core does not know, ValueError for
/// strides that are no multiple of the item size.
inline ArrayView view_of(const py::array &array) {
    ArrayView view;
    view.type = data_type_of(array.dtype());
    if (array.ndim() > ArrayView::max_rank) {
        throw py::value_error("arrays have at most 8 dimensions here, not " + std::to_string(array.ndim()));
    }
    view.rank = static_cast<int>(array.ndim());
    const auto item = static_cast<Index>(array.itemsize());
    for (int axis = 0; axis < view.rank; ++axis) {
        const auto stride = static_cast<Index>(array.strides(axis));
        if (stride % item != 0) {
            throw py::value_error("a stride of the array is no multiple of its item size; make a copy first");
        }
        view.shape[static_cast<std::size_t>(axis)] = static_cast<Index>(array.shape(axis));
        view.strides[static_cast<std::size_t>(axis)] = stride / item;
    }
    view.data = const_cast<void *>(array.data()); // writing is guarded by writable_view_of
    if (reinterpret_cast<std::uintptr_t>(view.data) % static_cast<std::uintptr_t>(item) != 0) {
        throw py::value_error("the array's data is not aligned to its item size; make a copy first");
    }
    return view;
}

inline ArrayView writable_view_of(const py::array &array) {
    if (!array.writeable()) {
        throw py::value_error("the output array is read-only");
    }
    return view_of(array);
}

inline void require_rank(const ArrayView &view, int rank, const char *name) {
    if (view.rank != rank) {
        throw_error(Errc::shape_mismatch, std::string(name) + " has " + std::to_string(view.rank) +
                                              " dimensions, expected " + std::to_string(rank));
    }
}

} // namespace radpix::bindings
