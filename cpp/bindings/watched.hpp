// SPDX-License-Identifier: Apache-2.0
/// Calls of the core without the interpreter lock, which signals and progress= can end.
#pragma once

#include <exception>

#include "bindings.hpp"
#include "radpix/watch.hpp"

namespace radpix::bindings {

/// Lets go of the interpreter lock and takes it back for what Python wants meanwhile: on its main thread
/// signal handlers, on any thread the callable set by `report_to`.
class Unlocked final : public Watch {
public:
    Unlocked();
    ~Unlocked() override;
    Unlocked(const Unlocked &) = delete;
    Unlocked &operator=(const Unlocked &) = delete;

    /// Takes the lock back for good. What a handler or the callable raised is thrown, whatever the core did.
    void lock();
    /// Reports the end of a call that has not failed.
    void report_end();

protected:
    void tick(double done) noexcept override;

private:
    void ask_python(double done);

    PyObject *const report_; // owned, or null
    PyThreadState *state_;   // null: the lock is held
    bool is_asked_ = false, is_main_thread_ = false;
    std::exception_ptr raised_; // of Python
};

/// Runs `call` without the interpreter lock. Python exceptions of signal handlers and of the callable replace
/// whatever `call` threw.
template <class F>
void without_lock(F &&call) {
    Unlocked unlocked;
    try {
        call();
    } catch (...) {
        unlocked.lock();
        throw;
    }
    unlocked.lock();
    unlocked.report_end();
}

void bind_watched(py::module_ &module);

} // namespace radpix::bindings
