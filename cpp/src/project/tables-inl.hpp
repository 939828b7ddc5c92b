// SPDX-License-Identifier: Apache-2.0
// The tables of one CPU level. No guard: included once in each level's namespace, behind its lines and
// outside the target region, because what is instantiated here only takes addresses.

template <class T>
Kernels<T, T> max_kernels() noexcept {
    using Limits = std::numeric_limits<T>;
    return {fold<T, T, Max<T>>, reduce_unordered<T, T, Max<T>>,
            Limits::has_infinity ? static_cast<T>(-Limits::infinity()) : Limits::lowest()};
}

template <class T>
Kernels<T, T> min_kernels() noexcept {
    using Limits = std::numeric_limits<T>;
    return {fold<T, T, Min<T>>, reduce_unordered<T, T, Min<T>>,
            Limits::has_infinity ? Limits::infinity() : Limits::max()};
}

template <class T, class Sum>
Kernels<T, Sum> sum_kernels() noexcept {
    return {fold<T, Sum, Add<T, Sum>>, reduce_sum<T, Sum>, Sum(0)};
}

template <class T>
PresentKernels<T, T, T> present_max_kernels() noexcept {
    return {fold_extreme<T, Max<T>>, reduce_extreme<T, Max<T>>, max_kernels<T>().start};
}

template <class T>
PresentKernels<T, T, T> present_min_kernels() noexcept {
    return {fold_extreme<T, Min<T>>, reduce_extreme<T, Min<T>>, min_kernels<T>().start};
}

template <class T, class Sum>
PresentKernels<T, Sum, Counts> present_sum_kernels() noexcept {
    return {fold_present<T, Sum>, reduce_present<T, Sum>, Sum(0)};
}

#define RADPIX_INSTANTIATE(T)                                                                                \
    template Kernels<T, T> max_kernels<T>() noexcept;                                                        \
    template Kernels<T, T> min_kernels<T>() noexcept;                                                        \
    template PresentKernels<T, T, T> present_max_kernels<T>() noexcept;                                      \
    template PresentKernels<T, T, T> present_min_kernels<T>() noexcept;
RADPIX_FILTERED_TYPES(RADPIX_INSTANTIATE)
#undef RADPIX_INSTANTIATE

#define RADPIX_INSTANTIATE(T, S)                                                                             \
    template Kernels<T, S> sum_kernels<T, S>() noexcept;                                                     \
    template PresentKernels<T, S, Counts> present_sum_kernels<T, S>() noexcept;
RADPIX_PROJECT_SUMS(RADPIX_INSTANTIATE)
#undef RADPIX_INSTANTIATE
