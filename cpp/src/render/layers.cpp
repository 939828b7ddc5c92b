// SPDX-License-Identifier: Apache-2.0
/// Several volumes along the same rays.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "radpix/error.hpp"
#include "radpix/render.hpp"
#include "render/kernels.hpp"
#include "render/rays.hpp"
#include "render/sample.hpp"
#include "render/scene.hpp"
#include "render/shade.hpp"
#include "render/source.hpp"

namespace radpix::render {
namespace {

constexpr std::size_t most_layers = 16;

/// A layer whatever the type of its voxels.
class Volume {
public:
    Volume(const Layer &layer, const Rays &rays) : rays_(rays) {
        rays_.to_index = layer.to_index;
        scene_ = scene_of(layer.ranges, rays_, layer.transfer, layer.lighting, tables_);
        std::copy_n(layer.voxels.shape.begin(), 3, shape_);
    }
    Volume(const Volume &) = delete;
    Volume &operator=(const Volume &) = delete;
    virtual ~Volume() = default;

    [[nodiscard]] Line line(Index row, Index column) const noexcept {
        return line_of(rays_, shape_, static_cast<double>(row), static_cast<double>(column));
    }
    virtual std::int32_t look(const Packet &packet, std::int32_t k, const std::int32_t *active,
                              Look &look) const noexcept = 0;
    /// The last, partial step of ray `i`: lit colour and extinction, left as they are where nothing shows.
    virtual void look_last(const Packet &packet, int i, float *color, float &extinction) const noexcept = 0;

protected:
    Scene scene_;
    Tables tables_;

private:
    Rays rays_;
    Index shape_[3]{};
};

template <class T>
class VolumeOf final : public Volume {
public:
    VolumeOf(const Layer &layer, const Rays &rays)
        : Volume(layer, rays), source_(source_of<T>(layer.voxels)), absent_(absent_of<T>(layer.padding)),
          kernels_(kernels_for(source_)) {}

    std::int32_t look(const Packet &packet, std::int32_t k, const std::int32_t *active,
                      Look &look) const noexcept override {
        return absent_ ? kernels_.look_beside(source_, *absent_, scene_, packet, k, active, look)
                       : kernels_.look(source_, scene_, packet, k, active, look);
    }

    void look_last(const Packet &packet, int i, float *color, float &extinction) const noexcept override {
        const float position[3] = {packet.last[0][i], packet.last[1][i], packet.last[2][i]};
        with_sampler(absent(), [&](const auto &sample) {
            float value = 0;
            if (!sample(source_, cell_at(source_, position), value)) {
                return;
            }
            const Index entry = entry_of(value, scene_.first, scene_.scale, scene_.entries);
            extinction = scene_.extinction[entry];
            if (extinction > 0.0F) {
                std::copy_n(scene_.table + 4 * entry, 3, color);
                shade_sample(source_, sample, scene_, packet, {position, value}, i, color);
            }
        });
    }

private:
    [[nodiscard]] const Absent<T> *absent() const noexcept { return absent_ ? &*absent_ : nullptr; }

    Source<T> source_;
    std::optional<Absent<T>> absent_;
    const KernelSet<T> &kernels_;
};

using Volumes = std::vector<std::unique_ptr<Volume>>;

/// What is seen at one place of a ray: extinctions add up, colours weigh as their extinctions do.
struct Mixture {
    float color[3]{};
    float opacity = 0, extinction = 0;

    void add(const float *other, float its_opacity, float its_extinction) noexcept {
        if (!(its_opacity > 0.0F)) {
            return;
        }
        if (!(opacity > 0.0F)) {
            std::copy_n(other, 3, color);
            opacity = its_opacity;
            extinction = its_extinction;
            return;
        }
        extinction += its_extinction;
        const float share = its_extinction / extinction;
        for (int c = 0; c < 3; ++c) {
            color[c] += share * (other[c] - color[c]);
        }
        opacity += (1.0F - opacity) * its_opacity;
    }
};

/// The samples of one layer that lie within it, on eight rays.
struct Part {
    Packet packet{};
    std::int32_t first[lanes]{}, end[lanes]{};
    bool last_within[lanes]{};
};

/// Places the samples between `from` and `to` of ray `i`, of a layer that is met along `line`.
void place_part(Part &part, int i, const Line &line, double from, double to, double step) noexcept {
    Line way = line;
    way.from = from;
    way.to = to;
    place(part.packet, i, way, step, Spacing::whole_steps);
    if (!line.hits() || !way.hits()) {
        return;
    }
    const auto count = static_cast<double>(part.packet.count[i]);
    const double first_at = part.packet.first_at[i];
    const double first = std::clamp(std::ceil((line.from - first_at) / step), 0.0, count);
    const double end = std::clamp(std::floor((line.to - first_at) / step) + 1.0, first, count);
    part.first[i] = static_cast<std::int32_t>(first);
    part.end[i] = static_cast<std::int32_t>(end);
    const double last_at = to - part.packet.rest[i] / 2;
    part.last_within[i] = line.from <= last_at && last_at <= line.to;
}

/// What the layers show in turn along eight rays: in front of the first one, within it, and behind it.
class Picture {
public:
    Picture(const Volumes &volumes, double step) : volumes_(volumes), step_(step), parts_(volumes.size()) {}

    void look(Index row, Index column, Index count, Colors &colors) noexcept {
        Line lines[most_layers][lanes];
        for (std::size_t l = 0; l < volumes_.size(); ++l) {
            for (int i = 0; i < count; ++i) {
                lines[l][i] = volumes_[l]->line(row, column + i);
            }
        }
        for (int stretch = 0; stretch < 3; ++stretch) {
            std::fill(parts_.begin(), parts_.end(), Part{});
            for (int i = 0; i < count; ++i) {
                place_stretch(lines, i, stretch);
            }
            composite_samples(colors);
            composite_rests(colors);
        }
    }

private:
    void place_stretch(const Line (*lines)[lanes], int i, int stretch) noexcept {
        double from = std::numeric_limits<double>::infinity();
        double to = -from;
        for (std::size_t l = 0; l < volumes_.size(); ++l) {
            if (lines[l][i].hits()) {
                from = std::min(from, lines[l][i].from);
                to = std::max(to, lines[l][i].to);
            }
        }
        const Line &first = lines[0][i];
        if (first.hits()) {
            const double ends[4] = {from, first.from, first.to, to};
            from = ends[stretch];
            to = ends[stretch + 1];
        } else if (stretch > 0) {
            return;
        }
        if (!(to > from)) {
            return;
        }
        for (std::size_t l = 0; l < volumes_.size(); ++l) {
            place_part(parts_[l], i, lines[l][i], from, to, step_);
        }
    }

    /// Layer `l`'s part in sample k; how many samples further nothing of it shows, 0: something may.
    std::int32_t look_at(std::size_t l, std::int32_t k, const std::int32_t *alive,
                         Look &look) const noexcept {
        // Without branches: the compiler makes vectors of it.
        const Part &part = parts_[l];
        alignas(32) std::int32_t active[lanes];
        constexpr std::int32_t never = std::numeric_limits<std::int32_t>::max();
        std::int32_t skip = never;
        std::int32_t any = 0;
        for (int i = 0; i < lanes; ++i) {
            const std::int32_t begun = k >= part.first[i] ? -1 : 0;
            const std::int32_t goes_on = k < part.end[i] ? -1 : 0;
            active[i] = alive[i] & begun & goes_on;
            any |= active[i];
            const std::int32_t waits = alive[i] & ~begun & (part.first[i] < part.end[i] ? -1 : 0);
            const std::int32_t ahead = waits != 0 ? part.first[i] - k : never;
            skip = ahead < skip ? ahead : skip;
        }
        if (any == 0) {
            std::fill(look.opacity, look.opacity + lanes, 0.0F);
            return skip;
        }
        return std::min(skip, volumes_[l]->look(part.packet, k, active, look));
    }

    void composite_samples(Colors &colors) noexcept {
        const std::int32_t *count = parts_[0].packet.count;
        std::array<Look, most_layers> looks{};
        std::array<std::int32_t, most_layers>
            wake{}; ///< until then a layer shows nothing, and is not looked at
        for (std::int32_t k = 0;;) {
            alignas(32) std::int32_t alive[lanes];
            bool any = false;
            for (int i = 0; i < lanes; ++i) {
                alive[i] = k < count[i] && colors.transmittance[i] >= opaque ? -1 : 0;
                any = any || alive[i] != 0;
            }
            if (!any) {
                return;
            }
            std::int32_t skip = std::numeric_limits<std::int32_t>::max() - k;
            for (std::size_t l = 0; l < volumes_.size(); ++l) {
                if (k >= wake[l]) {
                    const std::int32_t its = look_at(l, k, alive, looks[l]);
                    wake[l] = k + std::min(its, std::numeric_limits<std::int32_t>::max() - k);
                }
                skip = std::min(skip, wake[l] - k);
            }
            if (skip > 0) {
                k += skip;
                continue;
            }
            add_looks(looks, colors);
            ++k;
        }
    }

    void add_looks(const std::array<Look, most_layers> &looks, Colors &colors) const noexcept {
        for (int i = 0; i < lanes; ++i) {
            Mixture mixture;
            for (std::size_t l = 0; l < volumes_.size(); ++l) {
                const Look &one = looks[l];
                const float color[3] = {one.red[i], one.green[i], one.blue[i]};
                mixture.add(color, one.opacity[i], one.extinction[i]);
            }
            if (mixture.opacity > 0.0F) {
                add_color(mixture.color, mixture.opacity, i, colors);
            }
        }
    }

    void composite_rests(Colors &colors) const noexcept {
        for (int i = 0; i < lanes; ++i) {
            const double rest = parts_[0].packet.rest[i];
            if (!(rest > 0) || colors.transmittance[i] < opaque) {
                continue;
            }
            Mixture mixture;
            for (std::size_t l = 0; l < volumes_.size(); ++l) {
                float color[3]{};
                float extinction = 0;
                if (parts_[l].last_within[i]) {
                    volumes_[l]->look_last(parts_[l].packet, i, color, extinction);
                }
                const double depth = static_cast<double>(extinction) * rest;
                mixture.add(color, static_cast<float>(opacity_of(depth)), extinction);
            }
            if (mixture.opacity > 0.0F) {
                add_color(mixture.color, mixture.opacity, i, colors);
            }
        }
    }

    const Volumes &volumes_;
    double step_;
    std::vector<Part> parts_;
};

Volumes volumes_of(std::span<const Layer> layers, const ArrayView &out, const Rays &rays) {
    if (layers.empty() || layers.size() > most_layers) {
        throw_error(Errc::invalid_argument, "a picture has 1 to 16 layers");
    }
    Volumes volumes;
    for (const Layer &layer : layers) {
        check_images(layer.voxels, layer.ranges, out, 3);
        Rays own = rays;
        own.to_index = layer.to_index;
        check_rays(own, layer.voxels.shape.data());
        check_transfer(layer.transfer, layer.lighting);
        with_type(layer.voxels.type, [&](auto tag) {
            volumes.push_back(std::make_unique<VolumeOf<typename decltype(tag)::type>>(layer, rays));
        });
    }
    return volumes;
}

} // namespace

void composite_layers(std::span<const Layer> layers, const ArrayView &out, const Rays &rays, int threads) {
    const Volumes volumes = volumes_of(layers, out, rays);
    const auto image = out.volume<float>();
    for_packets(out.shape[0], out.shape[1], threads, [&](Index row, Index column, Index count) {
        Colors colors{};
        std::fill(colors.transmittance, colors.transmittance + lanes, 1.0F);
        Picture(volumes, rays.step).look(row, column, count, colors);
        for (Index i = 0; i < count; ++i) {
            image(row, column + i, 0) = colors.red[i];
            image(row, column + i, 1) = colors.green[i];
            image(row, column + i, 2) = colors.blue[i];
            image(row, column + i, 3) = 1.0F - colors.transmittance[i];
        }
    });
}

} // namespace radpix::render
