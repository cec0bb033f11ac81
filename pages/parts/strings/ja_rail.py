"""Japanese: the few-label experiments of the rail page. Keys as in en_rail.py."""

from __future__ import annotations

WORDS: dict[str, str | tuple[str, str]] = {
    # The rail page's views
    "rail.view_threshold": "モデル",
    "rail.view_labels": "少数ラベル",
    "rail.view_cycles": "周期ごと",
    "rail.view_trace": "さかのぼる",
    # Results by number of labels
    "cycles.none": (
        "少数ラベルの実験はまだありません。3、13、21 "
        "枚のラベルで始め、残りは周期ごとに自分でラベルを付けます。"
    ),
    "cycles.start": "21 枚のラベルで始める",
    "cycles.run": "実験",
    "cycles.figure": "数値",
    "cycles.published": "論文1、表{table}：別の写真での正解率、反復5回",
    "cycles.mean": "平均",
    "cycles.std": "偏差",
    "cycles.min": "最小",
    "cycles.max": "最大",
    "few.runs": "実験",
    "few.runs_hint": "実験を選ぶ",
    "few.choose": "実験を1つ以上選んでください。",
    "few.helped": (
        "<b>{name}</b>：どの反復でも周期は役に立っています。「欠陥」の F1 はラベル {labels} 枚の "
        "{first} から {cycles} 周期後に <b>{last}</b>{range} へ上がります。"
    ),
    "few.harmed": (
        "<b>{name}</b>：どの反復でも周期は害になっています。「欠陥」の F1 はラベル {labels} 枚の "
        "{first} から {cycles} 周期後に <b>{last}</b>{range} へ下がります。"
    ),
    "few.mixed": (
        "<b>{name}</b>：「欠陥」の F1 はラベル {labels} 枚で {first}、{cycles} 周期後に "
        "<b>{last}</b>{range}。反復 {of} 回のうち {better} 回で上がります。"
    ),
    "few.single": (
        "<b>{name}</b>：反復1回で「欠陥」の F1 はラベル {labels} 枚で {first}、{cycles} 周期後に "
        "<b>{last}</b> です。"
    ),
    "few.one": "<b>{name}</b>：ラベル {labels} 枚で「欠陥」の F1 は <b>{first}</b> です。",
    "few.no_f1": "<b>{name}</b>：まだ欠陥と判定されたものはありません。",
    "few.fails": (
        "<b>この写真では失敗です</b>。最後の正解率 {accuracy} は、すべて「正常」とするの"
        "（{always}）と変わりません。"
    ),
    "few.in_repeats": "反復 {repeats}：{note}",
    "few.range": "（{low}～{high}）",
    "few.published": "論文1 表{table}、別の写真",
    "few.title_f1": "「欠陥」の F1",
    "few.title_balanced_accuracy": "均衡正解率",
    "few.title_accuracy": "正解率",
    "few.note": (
        "各学習の後にテスト写真で測った値です。太線は反復"
        "の平均、帯は偏差、細い縦線は最小から最大、細線は"
        "各反復です。擬似ラベルは正誤にかかわらずラベルに"
        "数えます。正常が多いと正解率は高く出ます。"
    ),
    "few.repeats": ("反復1回", "反復 {n} 回"),
    "few.extra": "ラベル {labels} 枚：論文で触れられているが表にはない追加の学習です。",
    "few.only_accuracy": "論文は正解率だけを載せています。",
    "few.csv": "全結果を CSV で",
    "few.all_published": "論文1、表1–3と図4–6（原文どおり）",
    "few.figure": "論文1 図{figure}：正解率、別の写真",
    "figure.labels_hover": (
        "ラベル %{{customdata[0]}} 枚：%{{y:.3f}} ± %{{customdata[1]:.3f}}<b"
        "r>%{{customdata[2]:.3f}}～%{{customdata[3]:.3f}}"
    ),
    # One cycle: the ledger
    "cycles.repeat": "反復",
    "cycles.cycle": "周期",
    "cycles.all": "全部",
    "cycles.not_yet": "この実験の最初の学習はまだ終わっていません。",
    "cycles.no_groups": "この反復は擬似ラベルを付けず、人のラベルだけで学習しました。",
    "cycles.corrected_name": "{name} · 修正済み",
    "cycles.of_one": "周期 {cycle}",
    "cycles.of_all": "全周期",
    "cycles.taken_both": (
        "{which}：写真 {n} 枚のうち <b>{defect}</b> 枚が「欠陥」になりました。{threshold} 超は "
        "{above} 枚、上位 {share} % は {room} 枚で、両方の規則を満たす必要があります。"
    ),
    "cycles.taken_threshold": (
        "{which}：写真 {n} 枚のうち <b>{defect}</b> 枚が {threshold} を超えて「欠陥」になりました。"
    ),
    "cycles.taken_share": (
        "{which}：上位 {share} %、写真 {n} 枚のうち <b>{defect}</b> 枚が「欠陥」になりました。"
    ),
    "cycles.taken_sure": (
        "{which}：写真 {n} 枚のうち {sure} 以上の <b>{defect}</b> 枚が「欠陥」になりました。"
    ),
    "cycles.taken_balanced": (
        "{which}：見込み {share} % のうち先頭 {portion} %、写真 {n} 枚中 <b>{defect}</b> "
        "枚が「欠陥」になりました。"
    ),
    "cycles.left": ("1枚は後回しにしました。", "{n} 枚は後回しにしました。"),
    "cycles.by_people": ("ラベル1件は人によるものです。", "ラベル {n} 件は人によるものです。"),
    "cycles.are_wrong": (
        "ラベル <b>{wrong}</b> 件が誤りです（{share}）：正常を欠陥と {false} 件、欠陥を正常と {missed} 件。"
    ),
    "cycles.none_wrong": "誤りはありません。",
    "cycles.flip": "学習 {trainings} では{label}",
    "cycles.line": "周期 {cycle}、確率の順位 {rank}、{p}",
    "cycles.pseudo": "モデルのラベル：{label}",
    # Correcting
    "cycles.confirm": "正しい：{label}",
    "cycles.overturn": "いいえ：{label}",
    "cycles.said": (
        "{who}：ラベル1件を判断、うち {turned} 件を変更",
        "{who}：ラベル {n} 件を判断、うち {turned} 件を変更",
    ),
    "cycles.history_of": ("記録1件", "記録 {n} 件"),
    "cycles.nothing_said": "この反復のラベルはまだ誰も確認も変更もしていません。",
    "cycles.is_undone": (
        "{who} さんが{since}この周期を取り消しました。再学習すると写真に新しくラベルを付けます。"
    ),
    "cycles.undo": "周期 {cycle} を取り消す",
    "cycles.restore": "周期 {cycle} を元に戻す",
    "cycles.undo_help": "再学習のときにこの周期の擬似ラベルを捨てます。消えるものはありません。",
    "cycles.train_again": "周期 {cycle} の後から再学習",
    "cycles.train_from_start": "最初から再学習",
    "cycles.train_words": (
        (
            "人が付けたラベルで、この反復の学習 {first}～{last} "
            "をやり直します。それより前は引き継ぎ、この実行はそのまま残ります。"
        ),
        (
            "人が付けたラベル {n} 件で、この反復の学習 {first}～{last} "
            "をやり直します。それより前は引き継ぎ、この実行はそのまま残ります。"
        ),
    ),
    "cycles.train_confirm": "学習を開始",
    "cycles.ordered": "実行 {id} は順番を待っています。",
    "cycles.again": "再学習",
    "cycles.again_from": "実行 {id}、学習 {training} から",
    "cycles.f1_was": "以前の F1",
    "cycles.f1_now": "現在の F1",
    "cycles.who": "誰が",
    "cycles.what": "何を",
    "cycles.photo": "写真",
    "cycles.when": "いつ",
    "cycles.history": (
        "記録1件、新しい順。消えるものはありません",
        "記録 {n} 件、新しい順。消えるものはありません",
    ),
    "cycles.act_confirmed": "{label}と確認（周期 {cycle}、モデルは {p}）",
    "cycles.act_overturned": "{label}に変更（周期 {cycle}、モデルは {p}）",
    "cycles.act_labelled": "{label}とラベル、周期 {cycle} の後に質問",
    "cycles.act_withdrawn": "取り下げ（周期 {cycle}）",
    "cycles.act_undone": "周期 {cycle} を取り消し",
    "cycles.act_restored": "周期 {cycle} を元に戻した",
    # The desk itself
    "ledger.title": "確率順の写真と、2本の線が決めるラベル",
    "ledger.note": (
        "水平線はしきい値、破線は割合です。×は分かる範囲"
        "で誤り、菱形は人が判断したもの、銅色は変わる写真です。"
    ),
    "ledger.x": "写真、確率順",
    "ledger.y": "欠陥の確率",
    "ledger.threshold": "しきい値",
    "ledger.share": "欠陥になれる割合",
    "ledger.sure": "確信の基準",
    "ledger.portion": "各種類から採る割合",
    "ledger.left": "後回し",
    "ledger.show_left": "後回し",
    "ledger.left_word": "後",
    "ledger.size": "グループの大きさ",
    "ledger.as_run": "実行どおり",
    "ledger.back": "実行の線に戻す",
    "ledger.aside": (
        "確率はその実行のものです。ラベルが違えば、次のネットワークは別のことを学んだはずです。"
    ),
    "ledger.changed": "写真 {of} 枚中 {n} 枚が変わります",
    "ledger.was": "実行",
    "ledger.would": "この線",
    "ledger.people": "人を反映",
    "ledger.defect": "欠陥ラベル",
    "ledger.wrong": "誤り",
    "ledger.false_defects": "正常を欠陥と",
    "ledger.missed_defects": "欠陥を正常と",
    "ledger.show_all": "全部",
    "ledger.show_defect": "欠陥",
    "ledger.show_normal": "正常",
    "ledger.show_changed": "変わる",
    "ledger.show_wrong": "誤り",
    "ledger.show_said": "人が判断",
    "ledger.show_flipped": "後で反転",
    "ledger.picked": "{n} 枚選択",
    "ledger.confirm": "確認",
    "ledger.overturn": "変更",
    "ledger.withdraw": "取り下げ",
    "ledger.clear": "解除",
    "ledger.above": "線より上の {n} 枚を選ぶ",
    "ledger.those": "変わる {n} 枚を選ぶ",
    "ledger.hint": "または曲線で囲む",
    "ledger.pick": "選択",
    "ledger.defect_word": "欠陥",
    "ledger.normal_word": "正常",
    "ledger.wrong_word": "誤り：{label}",
    "ledger.right_word": "正しい",
    "ledger.confirmed": "✓ {who}、{when}",
    "ledger.overturned": "⇄ {who}、{when}",
    "ledger.labelled": "✓ {who}、{when}",
    "ledger.menu": "保存",
    "ledger.csv": "CSV で保存",
    "ledger.png": "PNG で保存",
    "ledger.svg": "SVG で保存",
    # From a wrong verdict back to what taught it
    "cycles.wrong": "誤り：専門家は{label}",
    "trace.training": "学習 · ラベル",
    "trace.training_help": "学習は毎回、それまでの全ラベル（人と擬似）から新しく学びます。",
    "trace.kept_nothing": "この実験は特徴を残していないので、さかのぼれません。新しい実行では残します。",
    "trace.lead": (
        "学習 {training} の後、テスト写真 {n} 枚のうち欠陥 <b>{missed}</b> 件を見逃し、正常 "
        "<b>{false}</b> 件を欠陥と言います。"
    ),
    "trace.missed": "見逃し {n}",
    "trace.false": "誤警報 {n}",
    "trace.none": "該当なし。",
    "trace.said": "判定：{label}、{p}",
    "trace.near": (
        "学習 {training} から見て最も似た擬似ラベルの写真です。"
        "数字は似ている度合いです。1は同じ、0は共通点なし。"
    ),
    "trace.no_near": "この学習の特徴は残っていません。",
    "trace.labels_only": "最初の学習は人のラベルだけで学びました。後の学習を選んでください。",
    "trace.of_cycle": "周期 {cycle}、当時 {p}",
    "trace.others": ("同種の判定 1件", "同種の判定 {n} 件"),
    "trace.others_note": "最も確信した誤りから順です。数字は欠陥の確率です。",
    "trace.run": "実行",
    "trace.p": "P(欠陥)",
    "trace.verdict": "判定",
    "trace.since": "学習 {training} の後、以前と以後",
    # What next
    "rail.view_advice": "次にすること",
    "ledger.no_label": "まだラベルなし",
    "ledger.by_model": "モデルのラベル",
    "advice.alone": "最初の学習は人のラベルだけで学びました。後の学習をこれと比べます。",
    "advice.unknown": "役に立つかは分かりません。学習に使わなかった写真にラベルがありません。",
    "advice.better": (
        "学習 {training} の後、擬似ラベルは役に立っています：ラベルだけより F1 "
        "{gain}（{low}～{high}）、テスト写真 {n} 枚、{places} か所。"
    ),
    "advice.worse": (
        "学習 {training} の後、擬似ラベルは害になっています：ラベルだけより F1 "
        "{gain}（{low}～{high}）、テスト写真 {n} 枚、{places} か所。"
    ),
    "advice.unclear": (
        "学習 {training} の後、擬似ラベルが役に立つかは確かではありません：ラベルだけより F1 "
        "{gain}（{low}～{high}）、テスト写真 {n} 枚、{places} か所。"
    ),
    "advice.go_on": "<b>続けてください。</b>",
    "advice.stop": "<b>ここで止めてラベルだけを使う</b>か、擬似ラベルを直してください。",
    "advice.label": "続けるより<b>下の写真にラベルを付けてください</b>。",
    "advice.label_there": "続けるより<b>「次にすること」の写真にラベルを付けて</b>ください。",
    "advice.gain_axis": "F1 の増加",
    "advice.gain_title": "ラベルだけに比べ擬似ラベルで得たもの",
    "advice.gain_note": (
        "95\u00a0% 区間、場所ごとに再抽出。塗りつぶしは0と明らかに"
        "異なります。テスト写真なので、これで止めるとテストで選んだことになります。"
    ),
    "advice.interval": "学習 {training} の後の区間",
    "advice.gain_hover": (
        "学習 %{{customdata[0]}}：%{{y:+.3f}}<br>%{{customdata[1]:+.3f}}～%{{customdata["
        "2]:+.3f}}<extra></extra>"
    ),
    "advice.ratio_axis": "欠陥の割合",
    "advice.ratio_title": "ネットワークから見た欠陥の割合",
    "advice.ratio_note": "ラベルのない写真への答えから推定、95\u00a0% 区間。",
    "advice.ratio_not_yet": "ラベル {labels} 枚ではまだ推定できません。",
    "advice.ratio_never": (
        "欠陥の割合はまだ推定できません。"
        "ラベルのない写真への答えが 0\u00a0% や 100\u00a0% とも合ってしまいます。"
        "ラベルを増やすと推定できるようになります。"
    ),
    "advice.ratio_interval": "95\u00a0% 区間",
    "advice.estimated": "推定",
    "advice.assumed": "仮定",
    "advice.true": "実際",
    "advice.ask": "人に聞く",
    "advice.how_many": "写真の数",
    "advice.photos": "写真 {n} 枚",
    "advice.ask_note": (
        (
            "1枚が答えを待っています。ラベルが最も役立つ写真"
            "、つまりモデルが迷い、似たものにラベルがない写真です。"
        ),
        (
            "{n} 枚が答えを待っています。ラベルが最も役立つ写真、"
            "つまりモデルが迷い、似たものにラベルがない写真です。"
        ),
    ),
    "advice.all_answered": "すべて答えました。これで再学習してください。",
    "advice.nothing_to_ask": "この実行は特徴を残していないので聞けません。新しい実行では残します。",
    "advice.start_axis": "最初のラベル数、無作為",
    "advice.luck_axis": "「欠陥」の F1",
    "advice.luck_title": "結果のうち抽選の運の分",
    "advice.luck_note": (
        "大きさごとに無作為の開始100回、最初の学習の特徴に線形分類。帯は 5～95 "
        "%。水準ではなくばらつきを示します。"
    ),
    "advice.luck_note_head": (
        "大きさごとに無作為の開始40回、プールで周期まで実験全体。帯は 5～95\u00a0%、点線はラベルのみ。"
    ),
    "advice.luck_alone": "ラベルのみ",
    "advice.luck_alone_hover": "ラベル %{{x}} 枚のみ：%{{y:.2f}}<extra></extra>",
    "advice.luck_alone_words": ("ラベルだけなら {low}～{high}（偏差 {std}）です。"),
    "advice.luck_band": "抽選の 5～95\u00a0%",
    "advice.luck_mean": "平均",
    "advice.luck_hover": "ラベル %{{x}} 枚：%{{y:.2f}} ± %{{customdata[0]:.2f}}<extra></extra>",
    "advice.enough_mark": "ラベル {n} 枚：±{bound}",
    "advice.luck_words": (
        "ラベル {n} 枚を引き直すと F1 は {low}～{high}（偏差 {std}）になり得ます。抽選の {one} "
        "は片方の種類だけになります。"
    ),
    "advice.enough": "ラベルをあと {more} 枚、合計 {all} 枚にすると偏差は {bound} 以内になります。",
    "advice.enough_already": "この偏差はすでに {bound} 以内です。ラベルを足すと安定より F1 が上がります。",
    "advice.never_enough": "試したどの大きさでも偏差は {bound} 以内になりません。",
}
