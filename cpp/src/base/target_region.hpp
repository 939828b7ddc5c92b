// SPDX-License-Identifier: Apache-2.0
/// Regions of code compiled for a CPU level. All includes come before RADPIX_BEGIN_AVX2, everything inside is
/// in an anonymous namespace, and nothing inside is a template or inline function shared with other files:
/// the linker keeps one copy of those, and an AVX2 copy would then run on machines without it.
#pragma once

#if defined(__x86_64__) || defined(_M_X64)
#define RADPIX_HAS_AVX2_TARGET 1
#else
#define RADPIX_HAS_AVX2_TARGET 0
#endif

#if RADPIX_HAS_AVX2_TARGET
#include <immintrin.h>
#if defined(__clang__)
// clang-format off: _Pragma takes one literal, which clang does not put together from two
#define RADPIX_BEGIN_AVX2                                                                                    \
    _Pragma("clang attribute push(__attribute__((target(\"avx2,bmi,bmi2,lzcnt,popcnt,fma\"))), apply_to=function)")
// clang-format on
#define RADPIX_END_AVX2 _Pragma("clang attribute pop")
#elif defined(__GNUC__)
#define RADPIX_BEGIN_AVX2                                                                                    \
    _Pragma("GCC push_options") _Pragma("GCC target(\"avx2,bmi,bmi2,lzcnt,popcnt,fma\")")
#define RADPIX_END_AVX2 _Pragma("GCC pop_options")
#else // MSVC compiles intrinsics of every level everywhere
#define RADPIX_BEGIN_AVX2
#define RADPIX_END_AVX2
#endif
#endif
