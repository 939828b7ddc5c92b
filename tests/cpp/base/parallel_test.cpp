// SPDX-License-Identifier: Apache-2.0
#include "radpix/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#if defined(__unix__)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "radpix/error.hpp"

namespace radpix {
namespace {

TEST(parallel_for, visits_every_index_once_at_every_thread_count) {
    for (const int threads : {1, 2, 3, 8}) {
        for (const Index count : {Index{1}, Index{7}, Index{1000}}) {
            for (const Index grain : {Index{1}, Index{3}, Index{5000}}) {
                std::vector<std::atomic<int>> visits(static_cast<std::size_t>(count));
                parallel_for(0, count, grain, threads, [&](Index first, Index last) {
                    EXPECT_LE(last - first, grain);
                    for (Index i = first; i < last; ++i) {
                        ++visits[static_cast<std::size_t>(i)];
                    }
                });
                for (const auto &visit : visits) {
                    EXPECT_EQ(visit.load(), 1);
                }
            }
        }
    }
}

TEST(parallel_for, an_empty_range_calls_nothing) {
    parallel_for(5, 5, 1, 4, [](Index, Index) { FAIL(); });
}

TEST(parallel_for, the_first_failing_piece_in_index_order_is_rethrown) {
    for (int round = 0; round < 50; ++round) {
        try {
            parallel_for(0, 100, 1, 4, [](Index first, Index) {
                if (first == 3 || first == 90) {
                    throw std::runtime_error(std::to_string(first));
                }
            });
            FAIL() << "nothing was thrown";
        } catch (const std::runtime_error &error) {
            EXPECT_STREQ(error.what(), "3");
        }
    }
}

TEST(parallel_for, nested_calls_run_inline) {
    std::atomic<int> calls{0};
    parallel_for(0, 8, 1, 4, [&](Index, Index) {
        const auto outer = std::this_thread::get_id();
        parallel_for(0, 8, 1, 4, [&](Index, Index) {
            EXPECT_EQ(std::this_thread::get_id(), outer);
            ++calls;
        });
    });
    EXPECT_EQ(calls.load(), 64);
}

TEST(parallel_for, calls_from_several_threads_share_the_pool) {
    std::vector<std::thread> callers;
    std::atomic<Index> sum{0};
    for (int caller = 0; caller < 4; ++caller) {
        callers.emplace_back([&sum] {
            for (int round = 0; round < 100; ++round) {
                parallel_for(0, 64, 4, 3, [&sum](Index first, Index last) { sum += last - first; });
            }
        });
    }
    for (auto &caller : callers) {
        caller.join();
    }
    EXPECT_EQ(sum.load(), 4 * 100 * 64);
}

TEST(parallel_for, a_negative_thread_count_is_refused) {
    try {
        parallel_for(0, 1, 1, -1, [](Index, Index) {});
        FAIL() << "nothing was thrown";
    } catch (const Error &error) {
        EXPECT_EQ(error.errc(), Errc::invalid_argument);
    }
}

// Under ThreadSanitizer a forked child may not start threads.
#if defined(__unix__) && !defined(__SANITIZE_THREAD__)
TEST(parallel_for, a_forked_child_starts_a_pool_of_its_own) {
    std::atomic<int> warm{0};
    parallel_for(0, 16, 1, 4, [&warm](Index, Index) { ++warm; });
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        std::atomic<int> calls{0};
        parallel_for(0, 1000, 1, 4, [&calls](Index, Index) { ++calls; });
        _exit(calls.load() == 1000 ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
}
#endif

TEST(set_num_threads, refuses_what_is_no_thread_count) {
    for (const int count : {-1, 1025}) {
        EXPECT_THROW(set_num_threads(count), Error);
    }
}

TEST(set_num_threads, zero_returns_to_the_default) {
    const int before = num_threads();
    set_num_threads(7);
    EXPECT_EQ(num_threads(), 7);
    set_num_threads(0);
    EXPECT_EQ(num_threads(), before);
}

} // namespace
} // namespace radpix
