"""A trained model in, a folder that `models import` takes out. Run through export.sh, which makes the environment."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import folder
import rows as row_files
from native import Native
from prove import prove
from refused import Refused

WARNING = """\
Loading a model can execute code. A joblib or pickle file runs whatever its maker put in, so `sklearn` needs --trust. A PyTorch
module is a Python file of yours and is run; its weights are read with weights_only=True, which runs nothing. Keras files are
read in safe mode: a Lambda layer is refused. Nothing is written for a model whose ONNX answers differ from the library's.
"""


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="export.sh", description=__doc__, epilog=WARNING, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    frameworks = result.add_subparsers(dest="framework", required=True)
    sklearn = command(frameworks, "sklearn", "a fitted estimator or pipeline in a joblib or pickle file")
    sklearn.add_argument("source", type=Path, metavar="MODEL.joblib")
    sklearn.add_argument("--trust", action="store_true", help="load the pickle: it runs the code it carries")
    torch = command(frameworks, "torch", "a module built by your code, and its weights")
    torch.add_argument(
        "source", metavar="MODULE.py:FUNCTION", help="a function of no arguments that gives the nn.Module; it is run"
    )
    torch.add_argument("--weights", type=Path, required=True, help="torch.save(module.state_dict())")
    torch.add_argument(
        "--window",
        type=int,
        choices=range(1, 4097),
        default=1,
        metavar="STEPS",
        help="steps a row; 1 (default): rows are [rows, features]",
    )
    keras = command(frameworks, "keras", "a Sequential or functional model in a .keras or .h5 file")
    keras.add_argument("source", type=Path, metavar="MODEL.keras")
    for net in (torch, keras):
        net.add_argument("--activation", choices=["none", "softmax", "sigmoid"], default="none", help="to add at the end")
        net.add_argument("--tolerance", type=float, default=1e-5, help="largest difference allowed (default 1e-5, at most 1e-3)")
    return result


def command(frameworks: argparse._SubParsersAction, name: str, about: str) -> argparse.ArgumentParser:
    result = frameworks.add_parser(name, help=about, description=about, epilog=WARNING)
    result.add_argument("--features", type=Path, required=name != "sklearn", metavar="NAMES.json", help="names in column order")
    result.add_argument(
        "--rows", type=Path, required=True, metavar="ROWS.csv", help="64 rows or more to compare on; .csv or .npy"
    )
    result.add_argument("--out", type=Path, required=True, metavar="DIR", help="made; must be absent or empty")
    result.add_argument("--classes", metavar="A,B,...", help="name the columns: reordered where the model has these names")
    return result


def read(options: argparse.Namespace) -> Native:
    features = row_files.read_features(options.features) if options.features else None
    classes = options.classes.split(",") if options.classes else None
    if options.framework == "sklearn":
        import from_sklearn

        return from_sklearn.read(options.source, features, classes, options.trust)
    if not 0 <= options.tolerance <= 1e-3:
        raise Refused("UNSUPPORTED", "--tolerance lies outside 0 to 1e-3")
    if options.framework == "torch":
        import from_torch

        return from_torch.read(
            options.source, options.weights, options.window, features, classes, options.activation, options.tolerance
        )
    import from_keras

    return from_keras.read(options.source, features, classes, options.activation, options.tolerance)


def export(options: argparse.Namespace) -> dict:
    """@returns what stands in export.json"""
    folder.check_free(options.out)
    native = read(options)
    given = row_files.spread(row_files.read_rows(options.rows, native.features), native.window, native.sequence)
    return folder.write(options.out, native, prove(native, given))


def main(arguments: list[str]) -> int:
    options = parser().parse_args(arguments)
    try:
        written = export(options)
    except Refused as refusal:
        print(f"{refusal.code}: {refusal}", file=sys.stderr)
        return 1
    proof = written["proof"]
    worst = ", ".join(f"batch {batch}: {difference:.1e}" for batch, difference in proof["worst_by_batch"].items())
    print(f"{options.out}: {written['kind']} from {written['framework']['name']} {written['framework']['version']}")
    print(f"{proof['rows']} rows compared, {proof['equal_rows']} equal to the last bit; largest difference {worst}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
