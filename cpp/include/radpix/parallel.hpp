// SPDX-License-Identifier: Apache-2.0
/// One lazily started, fork-safe thread pool for the whole process.
#pragma once

#include <memory>
#include <type_traits>

#include "radpix/view.hpp"

namespace radpix {

/// Threads a call uses when it does not say: `set_num_threads`, else `RADPIX_NUM_THREADS`, else the
/// processors this process may run on. An unusable RADPIX_NUM_THREADS throws Error(invalid_argument).
[[nodiscard]] int num_threads();

/// 0 returns to the default. Throws Error(invalid_argument) outside 0..1024.
void set_num_threads(int count);

/// Non-owning reference to a callable `void(Index first, Index last)`.
class RangeFunction {
public:
    template <class F>
    RangeFunction(F &function) // NOLINT(google-explicit-constructor): made at the call of parallel_for
        requires(!std::is_same_v<std::remove_const_t<F>, RangeFunction>)
        : object_(const_cast<void *>(static_cast<const void *>(std::addressof(function)))),
          call_([](void *object, Index first, Index last) { (*static_cast<F *>(object))(first, last); }) {}

    void operator()(Index first, Index last) const { call_(object_, first, last); }

private:
    void *object_;
    void (*call_)(void *, Index, Index);
};

namespace detail {
void run_parallel(Index begin, Index end, Index grain, int threads, RangeFunction body);
}

/// Calls body(first, last) over [begin, end) in pieces of `grain`, on up to `threads` threads (0:
/// num_threads()), the caller's among them. The pieces depend on `grain` only, never on the number of
/// threads. Calls from inside a body run inline. The first piece's exception, in index order, is rethrown
/// after all running pieces ended. The caller's Watch, if it has one, is looked after between pieces.
template <class F>
void parallel_for(Index begin, Index end, Index grain, int threads, F &&body) {
    detail::run_parallel(begin, end, grain, threads, RangeFunction(body));
}

} // namespace radpix
