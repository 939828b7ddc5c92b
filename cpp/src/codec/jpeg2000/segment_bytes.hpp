// SPDX-License-Identifier: Apache-2.0
/// The bytes of a codeword segment, which packets may hold in several pieces.
#pragma once

#include <cstdint>
#include <vector>

#include "codec/jpeg2000/tile.hpp"

namespace radpix::jpeg2000 {

/// In one piece in `bytes`, mq_padding bytes FF behind them.
const std::uint8_t *gather(const Tile &tile, std::uint32_t segment, std::vector<std::uint8_t> &bytes);

/// Where they are, if they are in one piece, else gathered.
const std::uint8_t *find_or_gather(const Tile &tile, std::uint32_t segment, std::vector<std::uint8_t> &bytes);

} // namespace radpix::jpeg2000
