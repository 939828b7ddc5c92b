// SPDX-License-Identifier: Apache-2.0
#include "watched.hpp"

#include <utility>

namespace radpix::bindings {
namespace {

/// What this thread's calls report to: owned, or null.
thread_local PyObject *reporting = nullptr;

py::object report_to(const py::object &report) {
    PyObject *const before = std::exchange(reporting, report.is_none() ? nullptr : report.ptr());
    Py_XINCREF(reporting);
    return before == nullptr ? py::object(py::none()) : py::reinterpret_steal<py::object>(before);
}

bool on_main_thread() {
    const py::object thread = py::module_::import("threading").attr("main_thread")();
    return thread.attr("ident").cast<unsigned long>() == PyThread_get_thread_ident();
}

} // namespace

// Calls of radpix by a handler or by the callable are not part of this one: they report to nobody.
Unlocked::Unlocked() : report_(std::exchange(reporting, nullptr)), state_(PyEval_SaveThread()) {}

Unlocked::~Unlocked() {
    if (state_ != nullptr) {
        PyEval_RestoreThread(state_);
    }
    if (report_ != nullptr) {
        Py_XDECREF(std::exchange(reporting, report_));
    }
}

void Unlocked::lock() {
    PyEval_RestoreThread(std::exchange(state_, nullptr));
    if (raised_) {
        std::rethrow_exception(raised_);
    }
}

void Unlocked::report_end() {
    if (report_ != nullptr) {
        const py::handle report = report_;
        report(1.0);
    }
}

void Unlocked::tick(double done) noexcept {
    const bool is_needed = report_ != nullptr || !is_asked_ || is_main_thread_;
    if (!is_needed || raised_) {
        return; // threads that no signal reaches do not wait for the lock either
    }
    PyEval_RestoreThread(std::exchange(state_, nullptr));
    try {
        ask_python(done);
    } catch (...) {
        raised_ = std::current_exception();
        cancel();
    }
    state_ = PyEval_SaveThread();
}

void Unlocked::ask_python(double done) {
    if (!std::exchange(is_asked_, true)) {
        is_main_thread_ = on_main_thread();
    }
    if (is_main_thread_ && PyErr_CheckSignals() != 0) {
        throw py::error_already_set();
    }
    if (report_ != nullptr) {
        const py::handle report = report_;
        report(done);
    }
}

void bind_watched(py::module_ &module) {
    module.def("report_to", &report_to, py::arg("report"));
}

} // namespace radpix::bindings
