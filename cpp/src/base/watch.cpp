// SPDX-License-Identifier: Apache-2.0
#include "radpix/watch.hpp"

#include <algorithm>
#include <utility>

#if defined(__linux__)
#include <time.h>
#endif

#include "base/watching.hpp"
#include "radpix/error.hpp"

namespace radpix {
namespace {

/// Of this thread; together, since finding a thread's memory is what they cost.
thread_local struct {
    Watch *watch = nullptr;
    bool is_helping = false; // then the watch belongs to another thread
} current;

using Clock = std::chrono::steady_clock;

/// Linux's clock of 1 to 10 ms takes 7 ns to read, the exact one 25: rows of small images are decoded in 300.
Clock::time_point coarse_now() noexcept {
#if defined(__linux__)
    timespec now{};
    if (clock_gettime(CLOCK_MONOTONIC_COARSE, &now) == 0) {
        return Clock::time_point(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
    }
#endif
    return Clock::now();
}

} // namespace

Watch::Watch() noexcept : outer_(std::exchange(current.watch, this)) {}

Watch::~Watch() {
    current.watch = outer_;
}

void Watch::look_around() noexcept {
    const Clock::time_point now = coarse_now();
    if (due_ == Clock::time_point{}) {
        due_ = now + tick_interval;
    } else if (now >= due_) {
        // What a tick calls has nothing to do with the call that is watched.
        Watch *const self = std::exchange(current.watch, nullptr);
        tick(done_);
        current.watch = self;
        due_ = coarse_now() + tick_interval;
    }
}

void Watch::stop_if_cancelled() const {
    if (is_cancelled()) {
        throw_error(Errc::cancelled, "the call was cancelled");
    }
}

void check_cancelled() {
    const auto &[watch, is_helping] = current;
    if (watch != nullptr) {
        if (!is_helping) {
            watch->look_around();
        }
        watch->stop_if_cancelled();
    }
}

void expect_stages(int count) noexcept {
    Watch *const watch = current.is_helping ? nullptr : current.watch;
    if (watch != nullptr && watch->depth_ == 0) {
        watch->stages_ = watch->stage_ + std::max(count, 1);
    }
}

namespace detail {

Stage::Stage(Index begin, Index end) noexcept
    : watch_(current.is_helping ? nullptr : current.watch), begin_(begin), size_(end - begin) {
    if (watch_ != nullptr) {
        counts_ = watch_->depth_++ == 0;
    }
}

Stage::~Stage() {
    if (watch_ != nullptr) {
        --watch_->depth_;
        watch_->stage_ += counts_ ? 1 : 0;
    }
}

void Stage::note(Index first) {
    if (counts_) {
        const double part = static_cast<double>(first - begin_) / static_cast<double>(size_);
        const double done = (watch_->stage_ + part) / std::max(watch_->stages_, watch_->stage_ + 1);
        watch_->done_ = std::max(watch_->done_, done);
    }
    watch_->look_around();
    watch_->stop_if_cancelled();
}

Watch *watch_of_this_thread() noexcept {
    return current.watch;
}

Helping::Helping(Watch *watch) noexcept : watch_(watch) {
    current.watch = watch;
    current.is_helping = true;
}

Helping::~Helping() {
    current.watch = nullptr;
    current.is_helping = false;
}

} // namespace detail
} // namespace radpix
