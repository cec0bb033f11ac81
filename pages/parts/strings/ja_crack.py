"""Japanese: what a crack threshold costs, the comparison of models, scales and exports."""

from __future__ import annotations

WORDS: dict[str, str | tuple[str, str]] = {
    # What a mistake costs
    "price.title": "見逃したひび割れ 1 m の損失は …",
    "price.title_px": "見逃したひび割れ 1,000 px の損失は …",
    "price.n": "誤警報 {n} 件分",
    "price.none": "未定",
    "price.help": (
        "これらの写真で二つの誤りの損失の合計が最も小さくなるところへしきい値を動かします。誤警報とは、"
        "ひび割れのない写真(またはその一部)をひび割れと判定したものです。"
    ),
    "price.elsewhere": "この損失で最も安いしきい値は {threshold} です。その後、手で動かされています。",
    "price.scale": "1 画素の mm",
    "price.no_scale": "縮尺なし",
    "price.scale_help": "これらの写真の 1 画素が壁で何 mm か分かる場合、長さをメートルで示します。",
    "point.title": "このしきい値がこれらの写真ですること",
    "point.found": "発見",
    "point.missed": "見逃し",
    "point.false": "誤警報",
    "point.pixels": "画素",
    "point.length_m": "ひび割れの長さ (m)",
    "point.length_px": "ひび割れの長さ (1,000 px)",
    "point.cracked": "ひび割れのある写真",
    "point.clean_photos": "ひび割れのない写真",
    "point.clean_parts": "写真のひび割れのない部分",
    "point.of_called": "(判定されたうち)",
    "point.per_100": "100 件あたり {rate}",
    "point.of": "{of} 件中 {n} 件",
    # The mask explorer and the comparison of models
    "crack.view_compare": "モデルの比較",
    "mask.one": "一枚",
    "mask.swipe": "スワイプ",
    "mask.own": "各自のしきい値",
    "mask.own_help": "他のモデルは登録時の各自のしきい値で",
    "mask.left": "線の左",
    "mask.right": "線の右",
    "mask.brightness": "明るさ",
    "mask.contrast": "コントラスト",
    "mask.drawing": "表示",
    "mask.plain": "元に戻す",
    "mask.tool_light": "明るさとコントラスト",
    "mask.no_map": "この写真のマップなし",
    "mask.threshold": "しきい値",
    "compare.alone": (
        "これらの写真の確率マップを持つ他のモデルがありません。同じセットで別のモデルを学習すると並べて見られます。"
    ),
    "compare.with": "並べるモデル",
    "compare.choose": "五つまで選択",
    "compare.f1_title": "最も良いしきい値はモデルごとに違う",
    "compare.pr_title": "より多く見つけるための損失、モデルごと",
    "compare.best": "最良の F1",
    "compare.at": "{threshold} で {f1}",
    "compare.caption": "セットの全写真、画素の合計、しきい値 {threshold}",
    "loss.bce": "BCE",
    "loss.dice": "Dice",
    "loss.focal": "Focal",
    "loss.tversky": "Tversky",
    "loss.cldice": "clDice",
}
