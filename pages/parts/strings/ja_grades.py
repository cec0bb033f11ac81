"""Japanese: the corrosion laboratory's matrix, labels, networks and search."""

from __future__ import annotations

WORDS: dict[str, str | tuple[str, str]] = {
    "corrosion.view_labels": "ラベル",
    "confusion.split": "写真",
    "confusion.fold": "分割",
    "confusion.every_fold": "すべての分割",
    "confusion.fold_n": "分割{fold}",
    "confusion.campaign": "点検回",
    "confusion.every_campaign": "点検{n}回すべて",
    "confusion.as_corrected": (
        "その後に直された1件のラベルで数える",
        "その後に直された{n}件のラベルで数える",
    ),
    "confusion.looked": "明るい所：{label}と判断した根拠（Grad-CAM）。oキーで消せます。",
    "confusion.intervals": "区間は点検回を引き直した95\u00a0%区間です。",
    "confusion.compare_title": "別のモデルと比べる",
    "confusion.compare": "比べるモデル",
    "confusion.nobody": "なし",
    "confusion.no_common": "{other}はこれらの写真に答えていません。",
    "confusion.difference_title": "{one} − {other}、枚数",
    "confusion.difference_note": "両方が答えた{n}枚。緑：正解が増えたか、誤りが減った所。",
    "confusion.difference_caption": "差の確かさ",
    "confusion.less": "差",
    "confusion.worth": "偶然を超えるか",
    "confusion.sure": "はい、95\u00a0%で",
    "confusion.chance": "この写真では言えない",
    "relabel.which": "正しいラベルは？",
    "relabel.note": "理由",
    "relabel.note_hint": "理由（任意）",
    "relabel.mark": "再学習の印を付ける",
    "relabel.marked": "再学習の印あり",
    "relabel.mark_help": "次の学習から各エポックで二度学びます。",
    "relabel.test": "テスト写真：ラベルは直せますが、学習には使いません。",
    "relabel.back": "訂正を取り消す",
    "relabel.said": "{who}：{was} → {now}",
    "relabel.unsaid": "{who}：{was}を取り消し",
    "relabel.mark_done": "{who}：再学習用",
    "relabel.mark_undone": "{who}：再学習の印を外した",
    "relabel.trim_done": "{who}：切り抜き枠を描いた",
    "relabel.trim_undone": "{who}：切り抜き枠を取り消し",
    "relabel.only_mark": "再学習用",
    "relabel.only_trim": "新しい切り抜き枠",
    "relabel.now": "現在{label} – {who}",
    "relabel.none": "ラベルなし",
    "doubts.listed": "次の学習へ",
    "doubts.none": (
        "まだ直されたラベルも印の付いた写真もありません。混同行列の写真か、"
        "下の疑わしいラベルを開いてください。"
    ),
    "doubts.lead": "訂正<b>{labels}</b>、印<b>{marks}</b>。今から始める学習に反映されます。",
    "doubts.train": "このラベルで学習",
    "doubts.title": "疑わしいラベル",
    "doubts.note": (
        "その写真を学んでいないモデルの判断です：別のグレードが、"
        "そのグレードの写真で普段出るほど確からしい。疑いは証拠ではありません。見てから直すか、"
        "そのままにしてください。"
    ),
    "doubts.found": (
        "{of}件のうち<b>1</b>件が疑わしく、うち{seen}件は訂正済みです。",
        "{of}件のうち<b>{n}</b>件が疑わしく、うち{seen}件は訂正済みです。",
    ),
    "doubts.likelier": "{grade}に見える、差{margin}",
    "corrosion.view_networks": "ネットワーク",
    "networks.compare_help": (
        "選んだネットワークを選んだ見せ方ごとに、論文の探索が選んだ設定で順に学習します。"
    ),
    "networks.which": "ネットワーク",
    "networks.views": "写真",
    "networks.planned": (
        "学習1回、{epochs}エポック、{folds}分割。",
        "学習{n}回を順に、各{epochs}エポック、{folds}分割。",
    ),
    "networks.none": (
        "どのネットワークが最良か、切り抜きはどれだけ効くか。一度に複数学習すると、"
        "論文の図2〜4と表がここに出ます。"
    ),
    "networks.begin": "ネットワークを比べる",
    "networks.best_test": "交差検証では{name}が最良（平均F1 {val}）。テスト写真{photos}枚では{f1}。",
    "networks.best_val": "検証写真{photos}枚では{name}が最良（平均F1 {f1}）。テスト写真はありません。",
    "networks.mean_help": "4グレードの平均F1",
    "networks.grade_help": "このグレードのF1",
    "networks.folds_f1": "分割",
    "networks.table_4": "表4：テスト写真の適合率・再現率・F1。最後の列は交差検証の平均F1",
    "networks.published_note": (
        "「論文」は別の120枚の値。この枚数では0.07〜0.09より小さい差は偶然の範囲です。"
    ),
    "networks.lacking": "ここでは揃っていないImageNetの重み – {which}",
    "networks.figure_2": "図2：エポックごとの検証損失",
    "networks.figure_3": "図3：エポックごとの検証正解率",
    "networks.figure_4": "図4：グレードの取り違え、行の割合",
    "networks.epoch": "エポック",
    "corrosion.view_search": "探索",
    "search.none": (
        "どの設定が写真に合うか。探索は多くを試し、見込みのないものは早く止め、落ちても続きから始めます。"
    ),
    "search.which": "探索",
    "search.so_far": "{n}回中{done}回が終了",
    "search.best": "最良の平均F1 <b>{f1}</b>、試行{number}",
    "search.saved": (
        "1回を早く止めて{epochs}エポック節約（{share}）",
        "{n}回を早く止めて{epochs}エポック節約（{share}）",
    ),
    "search.go_on": "続ける",
    "search.train": "最良の設定を全分割で学習",
    "search.run": "実行を見る",
    "search.range": "探した範囲",
    "search.paper": "論文の選択",
    "search.ours": "ここでの最良",
    "search.beside": "{network}：論文の選択とここでの選択",
    "search.history": "経過",
    "search.importances": "重要度",
    "search.parallel": "まとめて",
    "search.slices": "一つずつ",
    "search.intermediate": "曲線",
    "search.history_title": "試行ごとの平均検証F1",
    "search.importances_title": "良し悪しを決める設定（PED-ANOVA）",
    "search.parallel_title": "試行ごとに設定を通る一本の線",
    "search.slices_title": "設定ごとの平均F1",
    "search.intermediate_title": "各試行の到達点（エポックごと）。短い線は早く止めたもの",
    "search.too_few": "二つの試行が終わってから。",
    "search.begin": "探索を始める",
    "search.trials": "試行回数",
    "search.epochs": "試行のエポック",
    "search.paper_note": "論文：ネットワークごとに150エポックを50回。中央値より悪い試行は早く止めます。",
    "search.start": "探索を開始",
    "networks.trimmed": "切り抜き",
    "networks.whole": "全体",
    "crop.box": "部材の切り抜き枠：矢印で移動、Shiftで大きさ、Enterで保存",
    "crop.keep": "この枠を保存",
    "crop.judge": "この部分を判定",
    "crop.whole": "写真全体",
    "crop.back": "元に戻す",
    "crop.propose": "提案された枠",
    "history.with_box": "{model}：枠の中は{verdict}",
    "crop.both_drawn": "描いた枠の中：{box}。写真全体：{whole}。",
    "crop.both_proposed": "提案された枠の中：{box}。写真全体：{whole}。",
    "crop.differ": "人が見てください。",
    "crop.hint": "枠や端をドラッグするか、新しく描きます。",
    "crop.keys": "矢印で移動、Shiftで大きさが変わります。",
    "crop.title": "部材を切り抜く",
    "crop.note": "写真はそのまま、枠だけが描いた人とともに保存されます。",
    "crop.kept": "枠を保存しました。",
    "corrosion.view_margins": "切り抜き",
    "margins.none": (
        "部材だけで足りるか、周りも要るか。同じ写真を、描いた枠（1.0）から写真全体まで"
        "余白ごとに一度測ります。"
    ),
    "margins.measure": "すべての余白で測る",
    "margins.best": "{n}通りの余白で最良は{margin}：平均F1 <b>{f1}</b>。多くの中の最良は良く見えます。",
    "margins.sure": "写真全体と描いた枠の差：{less}（{low} … {high}）、偶然を超えています。",
    "margins.chance": (
        "写真全体と描いた枠の差：{less}（{low} … {high}）、これらの写真では偶然と区別できません。"
    ),
    "margins.slider": "枠の周りの余白",
    "margins.help": "1.0は描いた枠のまま、2.0は縦横二倍です。",
    "margins.whole": "全体",
    "margins.title": "枠の周りの余白とF1",
    "margins.axis": "モデルが見る範囲（枠の何倍か）",
    "margins.photos": "{of}枚のうち{n}枚は余白でグレードが変わります。それらが先に並びます",
    "margins.was": "描いた枠では{label}",
    "margins.note": (
        "周囲のある写真から切り抜いた{n}枚。区間は点検単位で引き直しました。"
        "モデルはカードのとおりに学習し、見方だけが違います。"
    ),
}
