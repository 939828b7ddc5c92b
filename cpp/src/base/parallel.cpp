// SPDX-License-Identifier: Apache-2.0
#include "radpix/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/watching.hpp"
#include "radpix/error.hpp"

#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace radpix {
namespace {

constexpr int max_threads = 1024;
std::atomic<int> chosen_threads{0}; // 0: not chosen yet
thread_local bool inside_body = false;

/// One call of parallel_for; lives on the stack of its caller.
struct Job {
    Job(Index begin_, Index end_, Index grain_, int helpers_, RangeFunction body_)
        : begin(begin_), end(end_), grain(grain_), next(begin_), helpers_wanted(helpers_), body(body_) {}

    const Index begin, end, grain;
    std::atomic<Index> next;
    int helpers_wanted;                  // guarded by the pool's mutex
    std::atomic<int> helpers_active = 0; // changed under the pool's mutex
    RangeFunction body;
    Watch *const watch = detail::watch_of_this_thread();
    std::mutex error_mutex;
    std::exception_ptr error;
    Index error_at = 0;

    /// Calls before(first) in front of each piece: what is thrown there ends the job, too.
    template <class Before>
    void work(const Before &before) noexcept {
        inside_body = true;
        for (;;) {
            const Index first = next.fetch_add(grain, std::memory_order_relaxed);
            if (first >= end) {
                break;
            }
            try {
                before(first);
                body(first, std::min(first + grain, end));
            } catch (...) {
                keep_first_error(first);
            }
        }
        inside_body = false;
    }

    void keep_first_error(Index at) noexcept {
        const std::lock_guard lock(error_mutex);
        if (!error || at < error_at) {
            error = std::current_exception();
            error_at = at;
        }
        next.store(end, std::memory_order_relaxed); // pieces not started yet are given up
    }
};

/// Waits a little for what mostly comes soon: the next job of a call that is made of many, the last helper.
/// Going to sleep and being woken takes longer than many jobs last (50 us on virtual machines).
template <class Condition>
void expect_soon(const Condition &condition) noexcept {
    constexpr std::chrono::microseconds soon{50};
    const auto end = std::chrono::steady_clock::now() + soon;
    while (!condition() && std::chrono::steady_clock::now() < end) {
        std::this_thread::yield();
    }
}

/// A worker that sleeps may be woken on the processor it last ran on, the caller's: kernels that see every
/// processor with a cache of its own (many virtual machines) do so, and both then take turns on one processor
/// for the milliseconds most calls last. Such a worker is told beforehand to run anywhere else.
class Place {
public:
#if defined(__linux__)
    void remember() noexcept {
        thread_ = pthread_self();
        processor_ = sched_getcpu();
    }
    void avoid(int processor) noexcept {
        cpu_set_t others;
        if (processor < 0 || processor != processor_ || processor >= CPU_SETSIZE ||
            sched_getaffinity(0, sizeof others, &others) != 0) {
            return;
        }
        CPU_CLR(static_cast<unsigned>(processor), &others);
        if (CPU_COUNT(&others) > 0 && pthread_setaffinity_np(thread_, sizeof others, &others) == 0) {
            processor_ = -1;
        }
    }
    static int here() noexcept { return sched_getcpu(); }

private:
    pthread_t thread_{};
    int processor_ = -1; // where the thread went to sleep
#else
    void remember() noexcept {}
    void avoid(int) noexcept {}
    static int here() noexcept { return -1; }
#endif
};

class Pool {
public:
    void run(Job &job, detail::Stage &stage) {
        {
            const std::lock_guard lock(mutex_);
            start_workers(job.helpers_wanted);
            for (Place *sleeper : sleepers_) {
                sleeper->avoid(Place::here());
            }
            jobs_.push_back(&job);
            jobs_begun_.fetch_add(1, std::memory_order_relaxed);
        }
        work_available_.notify_all();
        job.work([&stage](Index first) { stage.before(first); });
        {
            const std::lock_guard lock(mutex_);
            jobs_.remove(&job);
        }
        const auto have_left = [&job] { return job.helpers_active.load(std::memory_order_relaxed) == 0; };
        expect_soon(have_left);
        std::unique_lock lock(mutex_);
        wait_for_helpers(lock, have_left, stage);
    }

private:
    template <class Condition>
    void wait_for_helpers(std::unique_lock<std::mutex> &lock, const Condition &have_left,
                          detail::Stage &stage) {
        if (!stage.is_watched()) {
            helper_left_.wait(lock, have_left);
            return;
        }
        while (!helper_left_.wait_for(lock, Watch::tick_interval, have_left)) {
            lock.unlock(); // a tick may start jobs of its own
            stage.waiting();
            lock.lock();
        }
    }

    // Workers are detached and the pool is never destroyed: joining at process exit deadlocks where the host
    // has already stopped the threads (Python's finalisation, a forked child).
    void start_workers(int wanted) {
        for (; worker_count_ < std::min(wanted, max_threads); ++worker_count_) {
            try {
                sleepers_.reserve(static_cast<std::size_t>(worker_count_) + 1);
                std::thread([this] { serve(); }).detach();
            } catch (const std::system_error &) {
                return; // the operating system has no more threads: the caller's own thread does the work
            }
        }
    }

    [[noreturn]] void serve() {
        std::unique_lock lock(mutex_);
        Place place;
        for (;;) {
            Job *job = job_needing_help();
            if (job == nullptr) {
                const unsigned begun = jobs_begun_.load(std::memory_order_relaxed);
                lock.unlock();
                expect_soon([&] { return jobs_begun_.load(std::memory_order_relaxed) != begun; });
                lock.lock();
                place.remember();
                sleepers_.push_back(&place);
                work_available_.wait(lock, [this, &job] { return (job = job_needing_help()) != nullptr; });
                std::erase(sleepers_, &place);
            }
            --job->helpers_wanted;
            ++job->helpers_active;
            lock.unlock();
            {
                const detail::Helping helping(job->watch);
                job->work([&helping](Index) { helping.before_piece(); });
            }
            lock.lock();
            if (--job->helpers_active == 0) {
                helper_left_.notify_all();
            }
        }
    }

    Job *job_needing_help() {
        const auto found = std::find_if(jobs_.begin(), jobs_.end(), [](const Job *job) {
            return job->helpers_wanted > 0 && job->next.load(std::memory_order_relaxed) < job->end;
        });
        return found == jobs_.end() ? nullptr : *found;
    }

    std::mutex mutex_;
    std::condition_variable work_available_;
    std::condition_variable helper_left_;
    std::list<Job *> jobs_;
    std::atomic<unsigned> jobs_begun_{0};
    std::vector<Place *> sleepers_; // of the workers that wait; has room for all
    int worker_count_ = 0;
};

std::atomic<Pool *> current_pool{nullptr};

#if defined(__unix__) || defined(__APPLE__)
// A forked child has none of the parent's workers and may have inherited a locked mutex: it starts anew.
void forget_pool_in_child() {
    current_pool.store(nullptr, std::memory_order_relaxed);
    inside_body = false;
}
[[maybe_unused]] const int fork_handler_registered = pthread_atfork(nullptr, nullptr, forget_pool_in_child);
#endif

Pool &pool() {
    Pool *existing = current_pool.load(std::memory_order_acquire);
    if (existing != nullptr) {
        return *existing;
    }
    auto made = std::make_unique<Pool>();
    if (current_pool.compare_exchange_strong(existing, made.get(), std::memory_order_acq_rel)) {
        return *made.release();
    }
    return *existing;
}

int usable_processors() noexcept {
#if defined(__linux__)
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
        return std::clamp(CPU_COUNT(&allowed), 1, max_threads);
    }
#endif
    return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, max_threads);
}

int default_num_threads() {
    const char *wanted = std::getenv("RADPIX_NUM_THREADS");
    if (wanted == nullptr || *wanted == '\0') {
        return usable_processors();
    }
    const std::string_view text(wanted);
    int count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || end != text.data() + text.size() || count < 1 || count > max_threads) {
        throw_error(Errc::invalid_argument,
                    "RADPIX_NUM_THREADS=" + std::string(text) + " is not a number from 1 to 1024");
    }
    return count;
}

} // namespace

int num_threads() {
    const int chosen = chosen_threads.load(std::memory_order_relaxed);
    if (chosen != 0) {
        return chosen;
    }
    const int count = default_num_threads();
    chosen_threads.store(count, std::memory_order_relaxed);
    return count;
}

void set_num_threads(int count) {
    if (count < 0 || count > max_threads) {
        throw_error(Errc::invalid_argument,
                    "the number of threads is from 0 to 1024, not " + std::to_string(count));
    }
    chosen_threads.store(count, std::memory_order_relaxed);
}

void detail::run_parallel(Index begin, Index end, Index grain, int threads, RangeFunction body) {
    if (end <= begin) {
        return;
    }
    grain = std::max<Index>(grain, 1);
    if (threads < 0 || threads > max_threads) {
        throw_error(Errc::invalid_argument,
                    "the number of threads is from 0 to 1024, not " + std::to_string(threads));
    }
    const Index pieces = (end - begin - 1) / grain + 1;
    const Index wanted = threads == 0 ? num_threads() : threads;
    if (pieces == 1) { // most calls: nothing is watched
        body(begin, end);
        return;
    }
    detail::Stage stage(begin, end);
    const int helpers = inside_body ? 0 : static_cast<int>(std::min(pieces, wanted) - 1);
    if (helpers == 0) {
        for (Index first = begin; first < end; first += grain) {
            stage.before(first);
            body(first, std::min(first + grain, end));
        }
        return;
    }
    Job job(begin, end, grain, helpers, body);
    pool().run(job, stage);
    if (job.error) {
        std::rethrow_exception(job.error);
    }
}

} // namespace radpix
