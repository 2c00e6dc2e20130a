// The univariate functions of a layer with three derivatives. What a kernel does not use is not computed.
#pragma once

#include "arithmetic.cuh"

namespace kinn {

// The maps in front of the splines, by the names that the host gives them.
enum Squash { NONE, TANH, SOFTSIGN };

// silu(x) = x s with the logistic function s, s' = s (1 - s): its derivatives are x s^(m) + m s^(m-1).
template <class Real>
__device__ void silu(Real x, Real (&f)[4]) {
    const Real s = Real(1) / (Real(1) + exponential(-x));
    const Real s1 = s * (Real(1) - s);
    const Real s2 = s1 * (Real(1) - 2 * s);
    const Real s3 = s1 * (Real(1) - 6 * s1);
    f[0] = x * s;
    f[1] = x * s1 + s;
    f[2] = x * s2 + 2 * s1;
    f[3] = x * s3 + 3 * s2;
}

// t = tanh(x), t' = 1 - t^2, t'' = -2 t t', t''' = t' (6 t^2 - 2).
template <class Real>
__device__ void tanh_map(Real x, Real (&f)[4]) {
    const Real t = hyperbolic_tangent(x);
    f[0] = t;
    f[1] = Real(1) - t * t;
    f[2] = -2 * t * f[1];
    f[3] = f[1] * (6 * t * t - 2);
}

// x q^-1/2 with q = 1 + x^2: the derivatives are q^-3/2, -3 x q^-5/2, (12 x^2 - 3) q^-7/2.
template <class Real>
__device__ void softsign_map(Real x, Real (&f)[4]) {
    const Real inverse = Real(1) / (Real(1) + x * x);
    const Real root = square_root(inverse);
    f[0] = x * root;
    f[1] = root * inverse;
    f[2] = -3 * x * f[1] * inverse;
    f[3] = (12 * x * x - 3) * f[1] * inverse * inverse;
}

}  // namespace kinn
