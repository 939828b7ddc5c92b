# SPDX-License-Identifier: Apache-2.0
# libFuzzer comes with clang, whose name carries its version on most systems.
if(NOT DEFINED ENV{CXX})
  find_program(radpix_clang NAMES clang++ clang++-22 clang++-21 clang++-20 clang++-19 clang++-18 clang++-17 clang++-16
                                  clang++-15 clang++-14)
  if(radpix_clang)
    set(CMAKE_CXX_COMPILER ${radpix_clang})
  endif()
endif()
