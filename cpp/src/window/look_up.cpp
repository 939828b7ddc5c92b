// SPDX-License-Identifier: Apache-2.0
#include "window/look_up.hpp"

#include <string>

#include "radpix/error.hpp"
#include "radpix/window.hpp"
#include "window/rows.hpp"
#include "window/voi.hpp"

namespace radpix {

void look_up(const ArrayView &pixels, const ArrayView &out, const ArrayView &table, int threads) {
    using namespace window_kernels;
    check_arguments(pixels, out, 1.0, 0.0);
    if (!is_small_integer(pixels.type)) {
        throw_error(Errc::unsupported_type, "tables are for integers of 8 or 16 bits");
    }
    if (table.type != out.type) {
        throw_error(Errc::unsupported_type, "the table and the output are of one type");
    }
    const Index count = count_of(pixels.type);
    if (table.rank != 1 || table.shape[0] != count || table.strides[0] != 1) {
        throw_error(Errc::shape_mismatch,
                    "the table has " + std::to_string(count) + " adjacent entries, one for each value");
    }
    const Rows rows(pixels, out);
    if (rows.size() == 0) {
        return;
    }
    with_type(out.type, [&]<class T>(std::type_identity<T>) {
        look_up_values(rows, pixels.type, static_cast<const T *>(table.data), threads);
    });
}

} // namespace radpix
