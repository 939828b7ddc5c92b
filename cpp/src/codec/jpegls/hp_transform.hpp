// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "codec/jpegls/headers.hpp"
#include "radpix/codec.hpp"

namespace radpix::jpegls {

/// Undoes a colour transform of Hewlett-Packard's encoder in place: (rows, columns, 3) unsigned samples of
/// `precision` bits.
void undo_hp_transform(HpTransform transform, const ArrayView &out, int precision);

} // namespace radpix::jpegls
