// SPDX-License-Identifier: Apache-2.0
// The same passes with the three-operand shifts and bit counts of BMI2.
#include "base/target_region.hpp"
#include "codec/jpeg2000/block_kernels.hpp"

#if RADPIX_HAS_AVX2_TARGET
RADPIX_BEGIN_AVX2
namespace radpix::jpeg2000::avx2 {
namespace {

#include "ht_quads-inl.hpp"
#include "part_1_rows-inl.hpp"
#include "pass_flags-inl.hpp"
#include "passes-inl.hpp"

#define measure_at_level measure_quads_in_vectors
#define read_row_at_level read_pairs_of_quads
#include "ht_samples_avx2-inl.hpp"

#include "ht_samples-inl.hpp"
#undef measure_at_level
#undef read_row_at_level

} // namespace
} // namespace radpix::jpeg2000::avx2
RADPIX_END_AVX2

namespace radpix::jpeg2000 {

constinit const BlockKernels avx2_block_kernels{avx2::decode_one<avx2::Significance>,
                                                avx2::decode_one<avx2::Refinement>,
                                                avx2::decode_one<avx2::CleanupCursor>,
                                                avx2::decode_two<avx2::Significance>,
                                                avx2::decode_two<avx2::Refinement>,
                                                avx2::decode_two<avx2::CleanupCursor>,
                                                avx2::decode_one<avx2::RawSignificance>,
                                                avx2::decode_one<avx2::RawRefinement>,
                                                avx2::row_to_integers,
                                                avx2::row_to_reals,
                                                avx2::read_ht_quads,
                                                avx2::read_ht_quads_of_two,
                                                avx2::read_ht_samples,
                                                avx2::to_integers,
                                                avx2::to_reals,
                                                "avx2"};

} // namespace radpix::jpeg2000
#endif
