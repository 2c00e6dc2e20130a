// The cotangent of a layer's weight, in two stages whose order of additions is fixed: results repeat bit for bit.
//
// First stage: every block takes samples in turn and adds up a cotangent of its own in shared memory. A thread owns an
// input and a group of outputs, hence a column of slots, and adds to its own column alone: no atomics. Where the layer
// is too narrow for all threads there are several copies of the columns, each for its own samples. Second stage: the
// blocks' cotangents are added up.
#include "records.cuh"

namespace kinn {

template <class Real, class Index, class Splines, class Edge, int Outputs>
__device__ void weight_parts(const Real* __restrict__ stack, const Real* __restrict__ edges,
                             const Real* __restrict__ matrices, const Real* __restrict__ grad, Real* __restrict__ parts,
                             int points, int inputs, int outputs, int cells, int staged, int tile_inputs,
                             int tile_groups, int copies, int pitch, int samples) {
    using Taken = Record<Real, Index, Edge>;
    using Group = Pack<Real, Outputs>;
    constexpr int components = Index::components;
    const int slots = cells + Splines::degree + 1;
    const int groups = (outputs + Outputs - 1) / Outputs;
    const int across = (groups + tile_groups - 1) / tile_groups;
    const int first = blockIdx.x / across * tile_inputs;
    const int column = blockIdx.x % across * tile_groups * Outputs;
    const int count = smaller(tile_inputs, inputs - first);
    const int width = smaller(tile_groups * Outputs, outputs - column);
    const int columns = tile_inputs * tile_groups;  // of one copy; `pitch` is at least copies times as many

    int taken = 0;
    const Splines splines(taken, edges, matrices, cells, staged);
    Group* const totals = carve<Group>(taken, slots * pitch);
    auto* const records = carve<Pack<Real, Taken::width>>(taken, samples * tile_inputs * Taken::packs);
    int* const places = carve<int>(taken, samples * tile_inputs);
    Group* const cotangents = carve<Group>(taken, samples * components * tile_groups);

    const int copy = threadIdx.x / columns;
    const int input = threadIdx.x % columns / tile_groups;
    const int group = threadIdx.x % tile_groups;
    const bool owner = copy < copies && input < count && group * Outputs < width;

    Group nothing;
#pragma unroll
    for (int v = 0; v < Outputs; ++v) nothing.values[v] = Real(0);
    for (int n = threadIdx.x; n < slots * pitch; n += blockDim.x) totals[n] = nothing;
    Group base = nothing;

    for (int row = blockIdx.y * samples; row < points; row += gridDim.y * samples) {
        const int present = smaller(samples, points - row);
        __syncthreads();
        record<Real, Index, Splines, Edge>(splines, stack, points, inputs, row, present, first, count, records, places);
        Real* const flat = reinterpret_cast<Real*>(cotangents);
        for (int a = 0; a < components; ++a)
            for (Walk at(tile_groups * Outputs); at.row < present; at.next())
                flat[(at.row * components + a) * tile_groups * Outputs + at.column] =
                    at.column < width
                        ? grad[(static_cast<Offset>(a) * points + row + at.row) * outputs + column + at.column]
                        : Real(0);
        __syncthreads();
        if (!owner) continue;
        for (int n = copy; n < present; n += copies) {
            Taken edge;
            edge.load(records + (n * count + input) * Taken::packs);
            Group g[components];
#pragma unroll
            for (int a = 0; a < components; ++a) g[a] = cotangents[(n * components + a) * tile_groups + group];
            Real h[Outputs][3];
#pragma unroll
            for (int v = 0; v < Outputs; ++v) {
                edge.heads([&](int a) { return g[a].values[v]; }, h[v]);
                base.values[v] += edge.share(Taken::live - 1, h[v]);
            }
            Group* const live = totals + places[n * count + input] * pitch + threadIdx.x;
            Group now[Taken::live - 1];  // read before the first is written: the reads need not wait for one another
#pragma unroll
            for (int j = 0; j < Taken::live - 1; ++j) now[j] = live[j * pitch];
#pragma unroll
            for (int j = 0; j < Taken::live - 1; ++j) {
#pragma unroll
                for (int v = 0; v < Outputs; ++v) now[j].values[v] += edge.share(j, h[v]);
                live[j * pitch] = now[j];
            }
        }
    }
    if (owner) totals[(slots - 1) * pitch + threadIdx.x] = base;
    __syncthreads();

    const Real* const flat = reinterpret_cast<const Real*>(totals);
    Real* const part = parts + static_cast<Offset>(blockIdx.y) * inputs * slots * outputs;
    for (Walk at(width); at.row < count * slots; at.next()) {
        const int i = at.row / slots, slot = at.row % slots;
        Real sum = Real(0);
        for (int c = 0; c < copies; ++c)
            sum += flat[(slot * pitch + c * columns + i * tile_groups) * Outputs + at.column];
        part[(static_cast<Offset>(first) * slots + at.row) * outputs + column + at.column] = sum;
    }
}

// Adds up `count` parts. A row of the block's threads takes every blockDim.y-th part.
template <class Real>
__device__ void weight_sum(const Real* __restrict__ parts, Real* __restrict__ out, int size, int count) {
    int taken = 0;
    Real* const sums = carve<Real>(taken, blockDim.x * blockDim.y);
    const int place = blockIdx.x * blockDim.x + threadIdx.x;
    Real sum = Real(0);
    if (place < size)
        for (int n = threadIdx.y; n < count; n += blockDim.y) sum += parts[static_cast<Offset>(n) * size + place];
    sums[threadIdx.y * blockDim.x + threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y == 0 && place < size) {
        for (int n = 1; n < blockDim.y; ++n) sum += sums[n * blockDim.x + threadIdx.x];
        out[place] = sum;
    }
}

}  // namespace kinn

extern "C" __global__ void __launch_bounds__(kinn::MAX_THREADS)
    kinn_weight_parts(const KINN_REAL* stack, const KINN_REAL* edges, const KINN_REAL* matrices, const KINN_REAL* grad,
                      KINN_REAL* parts, int points, int inputs, int outputs, int cells, int staged, int tile_inputs,
                      int tile_groups, int copies, int pitch, int samples) {
    using namespace kinn;
    weight_parts<LayerReal, LayerIndex, LayerSplines, LayerEdge, KINN_OUTPUTS>(
        stack, edges, matrices, grad, parts, points, inputs, outputs, cells, staged, tile_inputs, tile_groups, copies,
        pitch, samples);
}

extern "C" __global__ void __launch_bounds__(256)
    kinn_weight_sum(const KINN_REAL* parts, KINN_REAL* out, int size, int count) {
    kinn::weight_sum<KINN_REAL>(parts, out, size, count);
}
