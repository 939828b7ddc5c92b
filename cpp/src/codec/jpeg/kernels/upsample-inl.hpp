// SPDX-License-Identifier: Apache-2.0
// No guard: included once per CPU level, inside its region and namespace.
//
// "Fancy" upsampling of the IJG software: a triangle filter with sample centres as in JFIF. The roundings
// alternate between the two neighbours' sides (1 and 2 of 4, 8 and 7 of 16) so that no bias builds up.

template <class Sample>
inline void upsample_h2(const Sample *in, Sample *out, Index width) noexcept {
    for (Index x = 1; x + 1 < width; ++x) {
        const int near = 3 * in[x];
        out[2 * x] = static_cast<Sample>((near + in[x - 1] + 1) >> 2);
        out[2 * x + 1] = static_cast<Sample>((near + in[x + 1] + 2) >> 2);
    }
    const Index last = width - 1; // the farther sample does not exist at the ends: the nearer one stands in
    out[0] = in[0];
    out[2 * last + 1] = in[last];
    if (last > 0) {
        out[1] = static_cast<Sample>((3 * in[0] + in[1] + 2) >> 2);
        out[2 * last] = static_cast<Sample>((3 * in[last] + in[last - 1] + 1) >> 2);
    }
}

template <class Sample>
inline void upsample_h2v2(const Sample *near, const Sample *far, Sample *out, Index width) noexcept {
    const Index last = width - 1;
    int before = 3 * near[0] + far[0], here = before;
    for (Index x = 0; x < width; ++x) {
        const Index next = x < last ? x + 1 : last;
        const int after = 3 * near[next] + far[next];
        out[2 * x] = static_cast<Sample>((3 * here + before + 8) >> 4);
        out[2 * x + 1] = static_cast<Sample>((3 * here + after + 7) >> 4);
        before = here;
        here = after;
    }
}

template <class Sample>
inline void upsample_v2(const Sample *near, const Sample *far, Sample *out, Index width, int bias) noexcept {
    for (Index x = 0; x < width; ++x) {
        out[x] = static_cast<Sample>((3 * near[x] + far[x] + bias) >> 2);
    }
}
