// SPDX-License-Identifier: Apache-2.0
// What is alike in the tables of every CPU level. No guard: included once in each level's namespace, behind
// its row_kernels.

template <class U>
PickColumns<U> pick_columns() noexcept {
    return pick<U>;
}

template <class T, class A>
AbsentKernels<T, A> absent_kernels() noexcept {
    return {mark_row<T, absent_in_block<T>, absent_in_blocks<T>>, split<T, A>, merge<T, A>};
}

#define RADPIX_INSTANTIATE(T, A) template const RowKernels<T, A> &row_kernels<T, A>() noexcept;
RADPIX_RESAMPLE_TYPES(RADPIX_INSTANTIATE)
#undef RADPIX_INSTANTIATE

#define RADPIX_INSTANTIATE(T, A) template AbsentKernels<T, A> absent_kernels<T, A>() noexcept;
RADPIX_RESAMPLE_TYPES(RADPIX_INSTANTIATE)
#undef RADPIX_INSTANTIATE

template PickColumns<std::uint8_t> pick_columns<std::uint8_t>() noexcept;
template PickColumns<std::uint16_t> pick_columns<std::uint16_t>() noexcept;
template PickColumns<std::uint32_t> pick_columns<std::uint32_t>() noexcept;
template PickColumns<std::uint64_t> pick_columns<std::uint64_t>() noexcept;
