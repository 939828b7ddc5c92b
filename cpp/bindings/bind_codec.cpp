// SPDX-License-Identifier: Apache-2.0
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <vector>

#include "array.hpp"
#include "bindings.hpp"
#include "radpix/codec.hpp"
#include "watched.hpp"

namespace radpix::bindings {
namespace {

/// Contiguous buffers, held until the end of the call so that the GIL may be released.
class Buffers {
public:
    explicit Buffers(const py::sequence &objects) {
        views_.reserve(objects.size());
        bytes_.reserve(objects.size());
        for (const py::handle object : objects) {
            Py_buffer view;
            if (PyObject_GetBuffer(object.ptr(), &view, PyBUF_SIMPLE) != 0) {
                release();
                throw py::error_already_set();
            }
            views_.push_back(view);
            bytes_.emplace_back(static_cast<const std::byte *>(view.buf), static_cast<std::size_t>(view.len));
        }
    }
    ~Buffers() { release(); }
    Buffers(const Buffers &) = delete;
    Buffers &operator=(const Buffers &) = delete;

    [[nodiscard]] std::span<const Bytes> bytes() const noexcept { return bytes_; }

private:
    void release() noexcept {
        for (Py_buffer &view : views_) {
            PyBuffer_Release(&view);
        }
        views_.clear();
    }

    std::vector<Py_buffer> views_;
    std::vector<Bytes> bytes_;
};

/// The fields of radpix._backend.FrameLayout, in its order.
FrameLayout layout_from(const py::tuple &fields) {
    if (fields.size() != 10) {
        throw py::type_error("a FrameLayout has 10 fields");
    }
    FrameLayout layout;
    layout.rows = fields[0].cast<Index>();
    layout.columns = fields[1].cast<Index>();
    layout.samples_per_pixel = fields[2].cast<int>();
    layout.bits_allocated = fields[3].cast<int>();
    layout.bits_stored = fields[4].cast<int>();
    layout.high_bit = fields[5].cast<int>();
    layout.is_signed = fields[6].cast<bool>();
    layout.is_float = fields[7].cast<bool>();
    layout.planar_configuration = fields[8].cast<int>();
    layout.photometric = photometric_named(fields[9].cast<std::string>());
    return layout;
}

py::list as_list(const std::vector<Deviation> &deviations) {
    py::list list;
    for (const Deviation &deviation : deviations) {
        const py::object offset = deviation.offset < 0 ? py::object(py::none()) : py::int_(deviation.offset);
        list.append(py::make_tuple(deviation.code, deviation.message, deviation.frame, offset));
    }
    return list;
}

/// The fields of radpix._backend.FrameSelection, in its order.
FrameSelection selection_from(const py::tuple &fields) {
    if (fields.size() != 6) {
        throw py::type_error("a FrameSelection has 6 fields");
    }
    return {fields[0].cast<int>(),   fields[1].cast<int>(),   fields[2].cast<Index>(),
            fields[3].cast<Index>(), fields[4].cast<Index>(), fields[5].cast<Index>()};
}

py::list decode(const std::string &transfer_syntax, const py::sequence &codestreams,
                const py::tuple &layout_fields, const py::array &out, bool keep_components, int num_threads,
                const std::optional<py::tuple> &selection_fields) {
    const FrameLayout layout = layout_from(layout_fields);
    const ArrayView view = writable_view_of(out);
    DecodeOptions options{keep_components, num_threads, {}};
    if (selection_fields) {
        options.selection = selection_from(*selection_fields);
    }
    const Buffers buffers(codestreams);
    std::vector<Deviation> deviations;
    Index frame = -1;
    try {
        without_lock([&] {
            deviations = decode_frames(transfer_syntax, buffers.bytes(), layout, options, view, &frame);
        });
    } catch (const Error &error) {
        throw_python_error(error, frame, transfer_syntax);
    }
    return as_list(deviations);
}

Interleave interleave_named(const std::string &name) {
    if (name == "sample") {
        return Interleave::by_sample;
    }
    if (name == "line") {
        return Interleave::by_line;
    }
    if (name == "none") {
        return Interleave::none;
    }
    throw py::value_error("interleave is sample, line or none, not \"" + name + "\"");
}

py::bytes encode(const std::string &transfer_syntax, const py::array &pixels, const py::tuple &layout_fields,
                 int near, const std::string &interleave) {
    const EncodeOptions options{near, interleave_named(interleave)};
    const FrameLayout layout = layout_from(layout_fields);
    const ArrayView view = view_of(pixels);
    std::vector<std::byte> codestream;
    without_lock([&] { codestream = encode_frame(transfer_syntax, view, layout, options); });
    return {reinterpret_cast<const char *>(codestream.data()), codestream.size()};
}

py::list encodable() {
    py::list uids;
    for (const TransferSyntax &syntax : transfer_syntaxes()) {
        if (syntax.encode != nullptr) {
            uids.append(std::string(syntax.uid));
        }
    }
    return uids;
}

py::list decodable() {
    py::list uids;
    for (const TransferSyntax &syntax : transfer_syntaxes()) {
        uids.append(std::string(syntax.uid));
    }
    return uids;
}

} // namespace

void bind_codec(py::module_ &module) {
    module.def("decodable", &decodable);
    module.def("encodable", &encodable);
    module.def("encode_frame", &encode, py::arg("transfer_syntax"), py::arg("pixels"), py::arg("layout"),
               py::arg("near"), py::arg("interleave"));
    module.def("decode_frames", &decode, py::arg("transfer_syntax"), py::arg("codestreams"),
               py::arg("layout"), py::arg("out"), py::arg("keep_components"), py::arg("num_threads"),
               py::arg("selection") = py::none());
}

} // namespace radpix::bindings
