// SPDX-License-Identifier: Apache-2.0
/// The one map from core errors to the exceptions of radpix.errors.
#include "bindings.hpp"
#include "radpix/error.hpp"

namespace radpix::bindings {
namespace {

py::object python_class_for(const Error &error) {
    const py::module_ errors = py::module_::import("radpix.errors");
    switch (kind_of(error.errc())) {
    case ErrorKind::data:
        return errors.attr(error.errc() == Errc::truncated ? "TruncatedError" : "DecodeError");
    case ErrorKind::unsupported:
        return errors.attr("UnsupportedTransferSyntaxError");
    case ErrorKind::limit:
        return errors.attr("LimitError");
    case ErrorKind::cancelled:
        return py::reinterpret_borrow<py::object>(PyExc_KeyboardInterrupt);
    case ErrorKind::usage:
        break;
    }
    return py::reinterpret_borrow<py::object>(error.errc() == Errc::unsupported_type ? PyExc_TypeError
                                                                                     : PyExc_ValueError);
}

py::object number_or_none(std::int64_t number) {
    return number < 0 ? py::object(py::none()) : py::int_(number);
}

py::object python_exception_for(const Error &error, std::int64_t frame = -1,
                                const std::string &transfer_syntax = {}) {
    const py::object cls = python_class_for(error);
    if (kind_of(error.errc()) != ErrorKind::data) {
        return cls(error.what());
    }
    return cls(error.what(), py::arg("code") = name_of(error.errc()),
               py::arg("frame") = number_or_none(frame), py::arg("offset") = number_or_none(error.offset()),
               py::arg("transfer_syntax") = transfer_syntax);
}

} // namespace

void throw_python_error(const Error &error, std::int64_t frame, const std::string &transfer_syntax) {
    const py::object exception = python_exception_for(error, frame, transfer_syntax);
    PyErr_SetObject(py::type::of(exception).ptr(), exception.ptr());
    throw py::error_already_set();
}

void register_errors(py::module_ & /*module*/) {
    py::register_local_exception_translator([](std::exception_ptr pending) {
        try {
            if (pending) {
                std::rethrow_exception(pending);
            }
        } catch (const Error &error) {
            const py::object exception = python_exception_for(error);
            PyErr_SetObject(py::type::of(exception).ptr(), exception.ptr());
        }
    });
}

} // namespace radpix::bindings
