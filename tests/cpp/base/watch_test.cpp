// SPDX-License-Identifier: Apache-2.0
#include "radpix/watch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "errors_testing.hpp"
#include "radpix/parallel.hpp"

namespace radpix {
namespace {

using std::chrono::milliseconds;

/// Keeps what its ticks are told.
class Recorder : public Watch {
public:
    std::vector<double> told;
    int cancels_at = -1;

protected:
    void tick(double done) noexcept override {
        told.push_back(done);
        if (static_cast<int>(told.size()) == cancels_at) {
            cancel();
        }
    }
};

void slow_call(int threads, Index pieces = 100) {
    parallel_for(0, pieces, 1, threads, [](Index, Index) { std::this_thread::sleep_for(milliseconds(3)); });
}

TEST(watch, a_cancelled_call_ends_with_that_error_and_the_next_one_works) {
    for (const int threads : {1, 2, 3}) {
        Recorder watch;
        watch.cancels_at = 1;
        std::atomic<Index> pieces{0};
        const auto call = [&] {
            parallel_for(0, 100000, 1, threads, [&](Index, Index) {
                ++pieces;
                std::this_thread::sleep_for(milliseconds(1));
            });
        };
        EXPECT_EQ(code_thrown_by(call), Errc::cancelled);
        EXPECT_LT(pieces.load(), 10000);
        std::atomic<Index> sum{0};
        const Watch fresh;
        parallel_for(0, 1000, 1, threads, [&](Index first, Index) { sum += first; });
        EXPECT_EQ(sum.load(), 499500);
    }
}

TEST(watch, any_thread_may_cancel) {
    for (const int threads : {1, 2, 3}) {
        Watch watch;
        std::thread other([&watch] {
            std::this_thread::sleep_for(milliseconds(20));
            watch.cancel();
        });
        EXPECT_EQ(code_thrown_by([&] { slow_call(threads, 100000); }), Errc::cancelled);
        EXPECT_TRUE(watch.is_cancelled());
        other.join();
    }
}

TEST(watch, work_that_is_no_parallel_for_is_cancelled_too) {
    Recorder watch;
    watch.cancels_at = 1;
    EXPECT_EQ(code_thrown_by([] {
                  for (;;) {
                      check_cancelled();
                  }
              }),
              Errc::cancelled);
}

TEST(watch, long_pieces_on_threads_of_the_pool_are_cancelled_while_the_caller_waits) {
    Recorder watch;
    watch.cancels_at = 2;
    const auto caller = std::this_thread::get_id();
    const auto call = [&] {
        parallel_for(0, 2, 1, 2, [&](Index, Index) {
            if (std::this_thread::get_id() == caller) {
                std::this_thread::sleep_for(milliseconds(20)); // the other piece is somebody else's then
                return;
            }
            for (;;) {
                check_cancelled();
            }
        });
    };
    EXPECT_EQ(code_thrown_by(call), Errc::cancelled);
}

TEST(watch, nested_calls_are_watched_and_do_not_count) {
    Recorder watch;
    parallel_for(0, 2, 1, 1, [](Index, Index) { slow_call(2, 40); });
    ASSERT_GE(watch.told.size(), 2U);
    for (std::size_t k = 0; k < watch.told.size(); ++k) {
        EXPECT_TRUE(watch.told[k] == 0.0 || watch.told[k] == 0.5) << watch.told[k];
    }
}

TEST(watch, ticks_are_rare_and_grow_over_all_stages) {
    for (const int threads : {1, 2}) {
        Recorder watch;
        const auto begin = std::chrono::steady_clock::now();
        expect_stages(2);
        slow_call(threads);
        slow_call(threads);
        const auto took = std::chrono::steady_clock::now() - begin;
        ASSERT_GE(watch.told.size(), 3U);
        EXPECT_LE(watch.told.size(), static_cast<std::size_t>(took / milliseconds(40)) + 1);
        EXPECT_LT(watch.told.front(), 0.5);
        EXPECT_GT(watch.told.back(), 0.5);
        EXPECT_LE(watch.told.back(), 1.0);
        EXPECT_TRUE(std::is_sorted(watch.told.begin(), watch.told.end()));
    }
}

TEST(watch, the_innermost_counts_and_the_outer_one_returns) {
    Watch outer;
    outer.cancel();
    {
        const Watch inner;
        EXPECT_NO_THROW(check_cancelled());
    }
    EXPECT_EQ(code_thrown_by([] { check_cancelled(); }), Errc::cancelled);
}

TEST(watch, calls_without_one_are_not_watched) {
    EXPECT_NO_THROW(check_cancelled());
    EXPECT_NO_THROW(expect_stages(3));
    EXPECT_NO_THROW(slow_call(2, 4));
}

/// A tick that makes calls itself.
class Nesting final : public Recorder {
protected:
    void tick(double done) noexcept override {
        Recorder::tick(done);
        parallel_for(0, 100, 1, 3, [this](Index, Index) { ++calls; });
    }

public:
    std::atomic<int> calls{0};
};

TEST(watch, a_tick_may_make_calls_of_its_own) {
    Nesting watch;
    slow_call(2);
    ASSERT_GE(watch.told.size(), 1U);
    EXPECT_EQ(watch.calls.load(), 100 * static_cast<int>(watch.told.size()));
}

} // namespace
} // namespace radpix
