#!/usr/bin/env bash
# From candles to models/: its own virtual environment, features by the project's CLI, training, export, model cards.
# CANDLES: folder with the candle archives (default ../shared/data/ohlcv); WORK: scratch (default .alphapulse/training);
# VENV: virtual environment (default training/.venv); PYTHON: a Python 3.11 (default python3.11).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

candles=${CANDLES:-../shared/data/ohlcv}
work=${WORK:-.alphapulse/training}
venv=${VENV:-training/.venv}

if [ ! -x "$venv/bin/python" ]; then "${PYTHON:-python3.11}" -m venv "$venv"; fi
"$venv/bin/pip" install --quiet --disable-pip-version-check -r training/requirements.txt

inputs=()
add() { # source timeframe symbol...
  local source=$1 timeframe=$2
  shift 2
  for symbol in "$@"; do inputs+=("$candles/$source/${symbol}USDT-$timeframe.csv.gz"); done
}
majors="AAVE ARB AVAX BONK BTC CTXC DOGE ETH FTM GALA INJ LINK LTC MATIC PEPE TRX UNI 1000SATS"
add binance-spot-2024 5m $majors
add binance-spot-2024 15m $majors AR ASR AVA BETA BLUR BSW CAKE COS DCR EGLD
add binance-spot-2024 1h $majors AR ASR AVA BETA BLUR BSW CAKE COS DCR EGLD FIDA FLOKI HARD IDEX JASMY KMD LDO LUNA MKR \
  ORDI PEOPLE PSG REQ RLC SEI SPELL STX TIA WLD XVG
add binance-usdm-2025 1m ADA AVAX BCH BNB BTC ETC ETH LINK LTC
for timeframe in 5m 15m; do add binance-usdm-2025 $timeframe ADA BCH BNB BTC ETC ETH LINK LTC; done
add binance-usdm-2025 1h ADA BCH BNB BTC ETH LINK LTC
add binance-spot-2026 1m BTC ETH

export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONPATH=training PYTHONDONTWRITEBYTECODE=1
rm -rf "$work/mirrored" "$work/features"
"$venv/bin/python" training/mirror.py "$work/mirrored" "${inputs[@]}"
inputs+=("$work"/mirrored/*/*.csv.gz)
npm run --silent cli -- features export --input "${inputs[@]}" --output "$work/features"
"$venv/bin/python" training/train.py --features "$work/features" --root .
