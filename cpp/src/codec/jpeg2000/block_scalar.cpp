// SPDX-License-Identifier: Apache-2.0
#include "base/target_region.hpp"
#include "codec/jpeg2000/block_kernels.hpp"
#include "radpix/cpu.hpp"

namespace radpix::jpeg2000 {
namespace scalar {
namespace {

#include "passes-inl.hpp"

} // namespace
} // namespace scalar

constinit const BlockKernels scalar_block_kernels{scalar::significance,   scalar::refinement_pass,
                                                  scalar::cleanup,        scalar::raw_significance,
                                                  scalar::raw_refinement, "scalar"};

const BlockKernels &block_kernels() {
#if RADPIX_HAS_AVX2_TARGET
    if (cpu_level() == CpuLevel::avx2) {
        return avx2_block_kernels;
    }
#endif
    return scalar_block_kernels;
}

} // namespace radpix::jpeg2000
