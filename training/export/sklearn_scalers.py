"""Steps before the model: scalers, imputer, principal components."""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from graph import Graph
from refused import Refused
from sklearn_steps import transform

KINDS = {StandardScaler: "standard", MinMaxScaler: "min-max", RobustScaler: "robust", MaxAbsScaler: "max-abs"}


@transform.register
def _(scaler: StandardScaler, graph: Graph, x: str) -> str:
    x = graph.sub(x, scaler.mean_) if scaler.with_mean else x
    return graph.div(x, scaler.scale_) if scaler.with_std else x


@transform.register
def _(scaler: MinMaxScaler, graph: Graph, x: str) -> str:
    x = graph.plus(graph.mul(x, scaler.scale_), scaler.min_)
    return graph.clip(x, *scaler.feature_range) if scaler.clip else x


@transform.register
def _(scaler: RobustScaler, graph: Graph, x: str) -> str:
    x = graph.sub(x, scaler.center_) if scaler.with_centering else x
    return graph.div(x, scaler.scale_) if scaler.with_scaling else x


@transform.register
def _(scaler: MaxAbsScaler, graph: Graph, x: str) -> str:
    x = graph.div(x, scaler.scale_)
    return graph.clip(x, -1.0, 1.0) if scaler.clip else x


@transform.register
def _(imputer: SimpleImputer, graph: Graph, x: str) -> str:
    plain = isinstance(imputer.missing_values, float) and np.isnan(imputer.missing_values) and imputer.indicator_ is None
    if not plain or not np.isfinite(imputer.statistics_.astype(np.float64)).all():
        raise Refused("UNSUPPORTED", "SimpleImputer converts where NaN is what is missing, without indicators or empty columns")
    return graph.add("Where", graph.add("IsNaN", x), graph.constant(imputer.statistics_), x)


@transform.register
def _(pca: PCA, graph: Graph, x: str) -> str:
    """Centred after the projection, as scikit-learn does."""
    x = graph.sub(graph.linear(x, pca.components_.T, None), pca.mean_.reshape(1, -1) @ pca.components_.T)
    if not pca.whiten:
        return x
    scale = np.sqrt(pca.explained_variance_)
    return graph.div(x, np.maximum(scale, np.finfo(scale.dtype).eps))
