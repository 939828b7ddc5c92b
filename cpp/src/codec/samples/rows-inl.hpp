// SPDX-License-Identifier: Apache-2.0
// No include guard: the body of every CPU level, included inside its region and anonymous namespace.

template <class U>
inline U byte_swapped(U value) noexcept {
    if constexpr (sizeof(U) == 2) {
        return static_cast<U>((value << 8) | (value >> 8));
    } else if constexpr (sizeof(U) == 4) {
        return ((value & 0xFFU) << 24) | ((value & 0xFF00U) << 8) | ((value >> 8) & 0xFF00U) | (value >> 24);
    } else if constexpr (sizeof(U) == 8) {
        const auto low = static_cast<std::uint32_t>(value);
        const auto high = static_cast<std::uint32_t>(value >> 32);
        return (std::uint64_t{byte_swapped(low)} << 32) | byte_swapped(high);
    } else {
        return value;
    }
}

template <class U>
inline U loaded(const std::byte *at) noexcept {
    U value;
    std::memcpy(&value, at, sizeof(U));
    return value;
}

// S is the signed or unsigned type of U's size: its shift to the right extends the sign or not.
template <class U, class S>
inline U only_stored(U value, StoredBits bits) noexcept {
    return static_cast<U>(static_cast<S>(static_cast<U>(value << bits.left)) >> bits.right);
}

template <class U, class S>
inline void keep_stored(std::byte *data, Index count, StoredBits bits) noexcept {
    U *const values = reinterpret_cast<U *>(data);
    for (Index i = 0; i < count; ++i) {
        values[i] = only_stored<U, S>(values[i], bits);
    }
}

template <class U>
inline void keep_stored_bits(std::byte *data, Index count, StoredBits bits) noexcept {
    if (bits.is_signed) {
        keep_stored<U, std::make_signed_t<U>>(data, count, bits);
    } else {
        keep_stored<U, U>(data, count, bits);
    }
}

template <class U, class S, bool swap>
inline void load_stored(const std::byte *source, std::byte *target, Index count, StoredBits bits) noexcept {
    U *__restrict values = reinterpret_cast<U *>(target);
    const std::byte *__restrict from = source;
    for (Index i = 0; i < count; ++i) {
        U value = loaded<U>(from + i * static_cast<Index>(sizeof(U)));
        if constexpr (swap) {
            value = byte_swapped(value);
        }
        values[i] = only_stored<U, S>(value, bits);
    }
}

template <class U, bool swap>
inline void load_all(const std::byte *source, std::byte *target, Index count) noexcept {
    if constexpr (!swap) {
        std::memcpy(target, source, static_cast<std::size_t>(count) * sizeof(U));
    } else {
        U *__restrict values = reinterpret_cast<U *>(target);
        const std::byte *__restrict from = source;
        for (Index i = 0; i < count; ++i) {
            values[i] = byte_swapped(loaded<U>(from + i * static_cast<Index>(sizeof(U))));
        }
    }
}

template <class U, bool big_endian>
inline void load(const std::byte *source, std::byte *target, Index count, StoredBits bits) noexcept {
    constexpr bool swap = sizeof(U) > 1 && big_endian == (std::endian::native == std::endian::little);
    if (bits.are_all()) {
        load_all<U, swap>(source, target, count);
    } else if (bits.is_signed) {
        load_stored<U, std::make_signed_t<U>, swap>(source, target, count, bits);
    } else {
        load_stored<U, U, swap>(source, target, count, bits);
    }
}

template <class U>
inline void join_bytes(const std::byte *const *parts, std::byte *target, Index count) noexcept {
    U *__restrict values = reinterpret_cast<U *>(target);
    for (Index i = 0; i < count; ++i) {
        U value = 0;
        for (std::size_t part = 0; part < sizeof(U); ++part) {
            value = static_cast<U>(value << (sizeof(U) > 1 ? 8 : 0)) | static_cast<U>(parts[part][i]);
        }
        values[i] = value;
    }
}

// As join_bytes<std::uint16_t>, in the form that compilers turn into byte interleaving.
inline void join_two_bytes(const std::byte *const *parts, std::byte *target, Index count) noexcept {
    const auto *__restrict high = reinterpret_cast<const std::uint8_t *>(parts[0]);
    const auto *__restrict low = reinterpret_cast<const std::uint8_t *>(parts[1]);
    auto *__restrict values = reinterpret_cast<std::uint16_t *>(target);
    for (Index i = 0; i < count; ++i) {
        values[i] = static_cast<std::uint16_t>((high[i] << 8) | low[i]);
    }
}

template <class U>
inline void interleave3(const std::byte *const *planes, std::byte *target, Index count) noexcept {
    const U *__restrict first = reinterpret_cast<const U *>(planes[0]);
    const U *__restrict second = reinterpret_cast<const U *>(planes[1]);
    const U *__restrict third = reinterpret_cast<const U *>(planes[2]);
    U *__restrict values = reinterpret_cast<U *>(target);
    for (Index i = 0; i < count; ++i) {
        values[3 * i] = first[i];
        values[3 * i + 1] = second[i];
        values[3 * i + 2] = third[i];
    }
}

template <class U>
inline void separate3(const std::byte *source, std::byte *const *planes, Index count) noexcept {
    const U *__restrict values = reinterpret_cast<const U *>(source);
    U *__restrict first = reinterpret_cast<U *>(planes[0]);
    U *__restrict second = reinterpret_cast<U *>(planes[1]);
    U *__restrict third = reinterpret_cast<U *>(planes[2]);
    for (Index i = 0; i < count; ++i) {
        first[i] = values[3 * i];
        second[i] = values[3 * i + 1];
        third[i] = values[3 * i + 2];
    }
}

template <class U>
inline void separate_422(const std::byte *source, std::byte *const *planes, Index count) noexcept {
    const U *__restrict values = reinterpret_cast<const U *>(source);
    U *__restrict luma = reinterpret_cast<U *>(planes[0]);
    U *__restrict blue = reinterpret_cast<U *>(planes[1]);
    U *__restrict red = reinterpret_cast<U *>(planes[2]);
    for (Index i = 0; i < count / 2; ++i) {
        luma[2 * i] = values[4 * i];
        luma[2 * i + 1] = values[4 * i + 1];
        blue[2 * i] = blue[2 * i + 1] = values[4 * i + 2];
        red[2 * i] = red[2 * i + 1] = values[4 * i + 3];
    }
}

inline std::uint8_t as_byte(std::int32_t value) noexcept {
    return static_cast<std::uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

// PS3.3 C.7.6.3.1.2, inverted as in T.871 7: R = Y + 1.402 Cr', G = Y - 0.344 Cb' - 0.714 Cr', B = Y + 1.772
// Cb', in units of 2^-22. Of all 2^24 triples, pydicom's float32 product differs from the exact one, halves
// rounded up, in the 28 below only; they follow pydicom, so that the two agree on every image. The 64 keeps
// the exact halves on the upper side of the coefficients' rounding.
inline void ybr_full_to_rgb(std::uint8_t *y_to_r, std::uint8_t *cb_to_g, std::uint8_t *cr_to_b,
                            Index count) noexcept {
    constexpr std::int32_t half = (1 << 21) + 64;
    std::uint8_t *__restrict first = y_to_r;
    std::uint8_t *__restrict second = cb_to_g;
    std::uint8_t *__restrict third = cr_to_b;
    for (Index i = 0; i < count; ++i) {
        const std::int32_t y = first[i];
        const std::int32_t cb = second[i] - 128;
        const std::int32_t cr = third[i] - 128;
        const std::int32_t rounded_down = (cb == -50) & (cr == 50) & (y >= 19) & (y <= 46);
        first[i] = as_byte(y + ((5880414 * cr + half) >> 22));
        second[i] = as_byte(y + ((-1443412 * cb - 2995305 * cr + half) >> 22) - rounded_down);
        third[i] = as_byte(y + ((7432307 * cb + half) >> 22));
    }
}

// Eight bits as eight bytes, the least significant in the lowest: copy k of the packed byte keeps bit k.
inline std::uint64_t spread_bits(std::byte packed) noexcept {
    const std::uint64_t kept = static_cast<std::uint64_t>(packed) * 0x0101010101010101U & 0x8040201008040201U;
    return (kept + 0x7F7F7F7F7F7F7F7FU) >> 7 & 0x0101010101010101U;
}

inline void unpack_bits(const std::byte *source, std::byte *target, Index count) noexcept {
    Index i = 0;
    for (; i + 8 <= count; i += 8) {
        const std::uint64_t spread = spread_bits(source[i / 8]);
        for (Index k = 0; k < 8; ++k) {
            target[i + k] = static_cast<std::byte>(spread >> (8 * k) & 1U);
        }
    }
    for (; i < count; ++i) {
        target[i] = (source[i / 8] >> static_cast<int>(i % 8)) & std::byte{1};
    }
}

constexpr Kernels portable_table(const char *name) noexcept {
    return {
        {keep_stored_bits<std::uint8_t>, keep_stored_bits<std::uint16_t>, keep_stored_bits<std::uint32_t>,
         keep_stored_bits<std::uint64_t>},
        {load<std::uint8_t, false>, load<std::uint16_t, false>, load<std::uint32_t, false>,
         load<std::uint64_t, false>},
        {load<std::uint8_t, true>, load<std::uint16_t, true>, load<std::uint32_t, true>,
         load<std::uint64_t, true>},
        {join_bytes<std::uint8_t>, join_two_bytes, join_bytes<std::uint32_t>, join_bytes<std::uint64_t>},
        {interleave3<std::uint8_t>, interleave3<std::uint16_t>, interleave3<std::uint32_t>,
         interleave3<std::uint64_t>},
        {separate3<std::uint8_t>, separate3<std::uint16_t>, separate3<std::uint32_t>,
         separate3<std::uint64_t>},
        {separate_422<std::uint8_t>, separate_422<std::uint16_t>, separate_422<std::uint32_t>,
         separate_422<std::uint64_t>},
        ybr_full_to_rgb,
        unpack_bits,
        name,
    };
}
