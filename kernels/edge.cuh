// One input at one sample: everything about its edges but their weights.
#pragma once

#include "index.cuh"
#include "splines.cuh"
#include "univariate.cuh"

namespace kinn {

// The jet u of an input, the jet y of its image under the bounded map, and the functions on the edges at y.
template <class Real, class Index, class Splines, int Bounded>
struct Edge {
    static constexpr int live = Splines::degree + 2;  // the live splines, and last the base function

    Real u[Index::components], u_products[Index::room];
    Real y[Index::components], y_products[Index::room];
    Real map[4];          // the bounded map at u, with derivatives
    Real table[4][live];  // the live functions at y, with derivatives
    int cell;             // the live splines have the slots cell, cell + 1, ...

    // Forms everything from u.
    __device__ void evaluate(const Splines& splines) {
        Index::products(u, u_products);
        if (Bounded == NONE) {
#pragma unroll
            for (int a = 0; a < Index::components; ++a) y[a] = u[a];
        } else {
            if (Bounded == TANH) tanh_map(u[0], map);
            if (Bounded == SOFTSIGN) softsign_map(u[0], map);
            Index::compose(map, u, u_products, y);
        }
        Index::products(y, y_products);
        splines.tabulate(y[0], table, cell);
        Real base[4];
        silu(y[0], base);
#pragma unroll
        for (int r = 0; r < 4; ++r) table[r][live - 1] = base[r];
    }

    // Contracts with the weights of one output: f[r] is the r-th derivative of the function on the edge to it.
    template <int From, int To>
    __device__ void contract(const Real* weights, const Real* base, int pitch, Real (&f)[4]) const {
        const Real w = *base;
#pragma unroll
        for (int r = From; r <= To; ++r) f[r] = table[r][live - 1] * w;
#pragma unroll
        for (int j = 0; j < live - 1; ++j) {
            const Real c = weights[j * pitch];
#pragma unroll
            for (int r = From; r <= To; ++r) f[r] += table[r][j] * c;
        }
    }

    // Forms the cotangents of u from those of y.
    __device__ void pull_map(const Real (&grad_y)[Index::components], Real (&grad)[Index::components]) const {
        if (Bounded == NONE) {
#pragma unroll
            for (int a = 0; a < Index::components; ++a) grad[a] = grad_y[a];
            return;
        }
        Real once[Index::components], twice[Index::components], thrice[Index::room];
#pragma unroll
        for (int a = 0; a < Index::components; ++a) {
            once[a] = map[1] * grad_y[a];
            twice[a] = map[2] * grad_y[a];
        }
        thrice[0] = Real(0);
#pragma unroll
        for (int s = 0; s < Index::seconds; ++s) thrice[s] = map[3] * grad_y[Index::first_second + s];
        Index::pull(once, twice, thrice, u, u_products, grad);
    }
};

}  // namespace kinn
