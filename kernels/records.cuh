// What the cotangent of a weight needs of an input at a sample, kept in shared memory for all outputs.
//
// With the cotangents g of a sample's output o, the spline in slot m of input i receives
//
//     T_m h_0 + T_m' h_1 + T_m'' h_2,    h_0 = g_0,    h_1 = sum_a g_a y_a,    h_2 = sum_s g_s p_s
//
// (see Index): a record holds the live functions T with their derivatives, the y_a and the p_s.
#pragma once

#include "layer.cuh"

namespace kinn {

template <class Real, class Index, class Edge>
struct Record {
    static constexpr int live = Edge::live;
    static constexpr int derivatives = Index::order + 1;
    static constexpr int numbers = derivatives * live + Index::components - 1 + Index::seconds;
    static constexpr int width = 16 / sizeof(Real);  // of a pack
    // an odd number of packs: threads that read neighbouring records then read different banks
    static constexpr int packs = (numbers + width - 1) / width | 1;

    Real values[packs * width];

    __device__ Real function(int derivative, int slot) const { return values[derivative * live + slot]; }
    __device__ Real jet(int a) const { return values[derivatives * live + a - 1]; }
    __device__ Real product(int s) const { return values[derivatives * live + Index::components - 1 + s]; }

    __device__ void take(const Edge& edge) {
#pragma unroll
        for (int n = 0; n < packs * width; ++n) values[n] = Real(0);
#pragma unroll
        for (int r = 0; r < derivatives; ++r)
#pragma unroll
            for (int j = 0; j < live; ++j) values[r * live + j] = edge.table[r][j];
#pragma unroll
        for (int a = 1; a < Index::components; ++a) values[derivatives * live + a - 1] = edge.y[a];
#pragma unroll
        for (int s = 0; s < Index::seconds; ++s)
            values[derivatives * live + Index::components - 1 + s] = edge.y_products[s];
    }

    __device__ void store(Pack<Real, width>* place) const {
#pragma unroll
        for (int n = 0; n < packs; ++n) {
            Pack<Real, width> pack;
#pragma unroll
            for (int v = 0; v < width; ++v) pack.values[v] = values[n * width + v];
            place[n] = pack;
        }
    }

    __device__ void load(const Pack<Real, width>* place) {
#pragma unroll
        for (int n = 0; n < packs; ++n) {
            const Pack<Real, width> pack = place[n];
#pragma unroll
            for (int v = 0; v < width; ++v) values[n * width + v] = pack.values[v];
        }
    }

    // Forms h_0, h_1, h_2 from the cotangents g(a) of one output.
    template <class Cotangents>
    __device__ void heads(const Cotangents& g, Real (&h)[3]) const {
        h[0] = g(0);
        h[1] = h[2] = Real(0);
#pragma unroll
        for (int a = 1; a < Index::components; ++a) h[1] += g(a) * jet(a);
#pragma unroll
        for (int s = 0; s < Index::seconds; ++s) h[2] += g(Index::first_second + s) * product(s);
    }

    // Returns what a slot receives.
    __device__ Real share(int slot, const Real (&h)[3]) const {
        Real sum = function(0, slot) * h[0];
#pragma unroll
        for (int r = 1; r < derivatives; ++r) sum += function(r, slot) * h[r];
        return sum;
    }
};

// Fills the records of inputs [first, first + count) at samples [row, row + samples) and their cells, both in the order
// of the samples.
template <class Real, class Index, class Splines, class Edge>
__device__ void record(const Splines& splines, const Real* stack, int points, int inputs, int row, int samples,
                       int first, int count, Pack<Real, Record<Real, Index, Edge>::width>* records, int* cells) {
    for (Walk at(count); at.row < samples; at.next()) {
        const int place = at.row * count + at.column;
        Edge edge;
#pragma unroll
        for (int a = 0; a < Index::components; ++a)
            edge.u[a] = stack[(static_cast<Offset>(a) * points + row + at.row) * inputs + first + at.column];
        edge.evaluate(splines);
        Record<Real, Index, Edge> mine;
        mine.take(edge);
        mine.store(records + place * Record<Real, Index, Edge>::packs);
        cells[place] = edge.cell;
    }
}

}  // namespace kinn
