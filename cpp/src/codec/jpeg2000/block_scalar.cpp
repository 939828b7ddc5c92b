// SPDX-License-Identifier: Apache-2.0
#include "base/target_region.hpp"
#include "codec/jpeg2000/block_kernels.hpp"
#include "radpix/cpu.hpp"

namespace radpix::jpeg2000 {
namespace scalar {
namespace {

#include "ht_quads-inl.hpp"
#include "part_1_rows-inl.hpp"
#include "pass_flags-inl.hpp"
#include "passes-inl.hpp"

constexpr unsigned most_at_level = 30;
#define measure_at_level measure_quads
#define read_row_at_level read_row_of_samples
#include "ht_samples-inl.hpp"
#undef measure_at_level
#undef read_row_at_level

} // namespace
} // namespace scalar

constinit const BlockKernels scalar_block_kernels{scalar::decode_one<scalar::Significance>,
                                                  scalar::decode_one<scalar::Refinement>,
                                                  scalar::decode_one<scalar::CleanupCursor>,
                                                  scalar::decode_two<scalar::Significance>,
                                                  scalar::decode_two<scalar::Refinement>,
                                                  scalar::decode_two<scalar::CleanupCursor>,
                                                  scalar::decode_one<scalar::RawSignificance>,
                                                  scalar::decode_one<scalar::RawRefinement>,
                                                  scalar::row_to_integers,
                                                  scalar::row_to_reals,
                                                  scalar::read_ht_quads,
                                                  scalar::read_ht_quads_of_two,
                                                  scalar::read_ht_samples,
                                                  scalar::to_integers,
                                                  scalar::to_reals,
                                                  "scalar"};

const BlockKernels &block_kernels() {
#if RADPIX_HAS_AVX2_TARGET
    if (cpu_level() == CpuLevel::avx2) {
        return avx2_block_kernels;
    }
#endif
    return scalar_block_kernels;
}

} // namespace radpix::jpeg2000
