// SPDX-License-Identifier: Apache-2.0
/// What a parallel_for does for the watch of its caller.
#pragma once

#include "radpix/view.hpp"
#include "radpix/watch.hpp"

namespace radpix::detail {

/// One parallel_for as the thread that called it sees it.
class Stage {
public:
    Stage(Index begin, Index end) noexcept;
    ~Stage();
    Stage(const Stage &) = delete;
    Stage &operator=(const Stage &) = delete;

    /// Before the piece that starts at `first`: a tick, if it is time. Throws Error(cancelled).
    void before(Index first) {
        if (watch_ != nullptr) {
            note(first);
        }
    }

    /// While others finish: a tick, if it is time. False without a watch: there is nothing to wake up for.
    [[nodiscard]] bool is_watched() const noexcept { return watch_ != nullptr; }
    void waiting() noexcept { watch_->look_around(); }

private:
    void note(Index first);

    Watch *const watch_; // null on threads of the pool, which leave ticks to the caller
    const Index begin_, size_;
    bool counts_ = false; // not one inside another
};

/// The watch of this thread, for those that will help it.
[[nodiscard]] Watch *watch_of_this_thread() noexcept;

/// While a thread of the pool works for a call with `watch`, or null.
class Helping {
public:
    explicit Helping(Watch *watch) noexcept;
    ~Helping();
    Helping(const Helping &) = delete;
    Helping &operator=(const Helping &) = delete;

    /// Throws Error(cancelled).
    void before_piece() const {
        if (watch_ != nullptr) {
            watch_->stop_if_cancelled();
        }
    }

private:
    Watch *const watch_;
};

} // namespace radpix::detail
