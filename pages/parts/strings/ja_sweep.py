"""Japanese: trainings that are compared in one run."""

from __future__ import annotations

WORDS: dict[str, str | tuple[str, str]] = {
    "loss.bce": "交差エントロピー",
    "loss.dice": "Dice",
    "loss.focal": "Focal",
    "loss.tversky": "Tversky",
    "loss.cldice": "clDice",
    "sweep.compare": "いくつかの設定を一度に比べる",
    "sweep.compare_help": (
        "選んだ値のすべての組み合わせを、同じ長さで、同じ初期値と同じ切り出しから学習します。"
    ),
    "sweep.published_weights": "損失ごとの発表された重み",
    "sweep.kernel": "カーネル",
    "sweep.levels": "段数",
    "sweep.planned": ("{steps} ステップの学習が 1 件。", "{steps} ステップの学習を {n} 件、順に行います。"),
    "sweep.none": (
        "細いひび割れを最もよく見つける損失はどれでしょう。いくつかを一度に学習すると、表がここに出ます。"
    ),
    "sweep.begin": "損失を比べる",
    "sweep.which": "比較",
    "sweep.not_yet": ("学習はまだ終わっていません。", "{n} 件の学習はまだどれも終わっていません。"),
    "sweep.best_test": "検証写真では {name} が最もよく (F1 {val})、試験写真 {photos} 枚では F1 {f1} です。",
    "sweep.best_val": (
        "検証写真 {photos} 枚では {name} が最もよい結果です (F1 {f1})。試験写真はありません。"
    ),
    "sweep.so_far": "これまでに {n} 件のうち {done} 件が終わりました。",
    "sweep.caption": "それぞれ検証写真で最もよいしきい値を使います。最後の列はその幅のひび割れの再現率です",
    "sweep.threshold_help": "検証写真で選び、ほかの写真に使います",
    "sweep.width_help": "この幅のひび割れの画素のうち見つけた割合",
    "sweep.val_f1": "検証 F1",
    "sweep.val_help": "最もよいものはこの値で選びます",
    "sweep.curves_title": "学習の経過",
    "sweep.curves_note": "検証写真の最もよいしきい値での F1、上位 {n} 件。",
    "sweep.equal_caption": "MSE と同じ適合率での再現率と、MSE との差",
    "sweep.equal_note": "多く呼べばそれだけ多く見つかります。ここではどれも MSE と同じだけ当たっています。",
    "sweep.beside": "論文の値と並べる",
    "sweep.theirs": "論文 {value}",
    "sweep.file": "ほかの学習をモデルとして登録",
    "sweep.trial": "学習",
    "sweep.name": "モデルの名前",
    "sweep.file_now": "モデルとして登録",
    "run.sweep": "表を見る",
}
