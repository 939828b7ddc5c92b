// SPDX-License-Identifier: Apache-2.0
/// Ending a call before it is done, and hearing how far it is.
#pragma once

#include <atomic>
#include <chrono>

namespace radpix {

namespace detail {
class Stage;
class Helping;
} // namespace detail

/// Watches the call that its thread makes while it lives, and what other threads do for it. Of several, the
/// innermost counts. Without one, calls cannot be cancelled and nothing is spent on it.
class Watch {
public:
    /// A tick comes no sooner than this after the call's first piece, or after the tick before.
    static constexpr std::chrono::milliseconds tick_interval{50};

    Watch() noexcept;
    virtual ~Watch();
    Watch(const Watch &) = delete;
    Watch &operator=(const Watch &) = delete;

    /// Any thread may call it: the call ends with Error(cancelled) at the next piece of work, or is complete.
    /// Outputs of a call that ended so are written in part.
    void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
    [[nodiscard]] bool is_cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }

protected:
    /// Called now and then on the watch's own thread, between pieces of work. `done` is the part of the call
    /// that is done, from 0 to 1, never less than before.
    virtual void tick(double /*done*/) noexcept {}

private:
    friend class detail::Stage;
    friend class detail::Helping;
    friend void check_cancelled();
    friend void expect_stages(int count) noexcept;

    void look_around() noexcept;
    void stop_if_cancelled() const;

    std::atomic<bool> cancelled_{false};
    Watch *const outer_;
    std::chrono::steady_clock::time_point due_{}; // none yet: the call has just begun
    double done_ = 0.0;
    int stage_ = 0, stages_ = 1, depth_ = 0; // of the parallel_for of the watch's own thread
};

/// For long work that is no parallel_for: throws Error(cancelled) where the call was cancelled. It costs up
/// to 30 ns on the watch's own thread (the clock), 1 ns elsewhere.
void check_cancelled();

/// Says that the call is `count` parallel_for in a row, which progress counts alike; without it, one.
void expect_stages(int count) noexcept;

} // namespace radpix
