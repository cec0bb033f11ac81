"""Korean: the few-label experiments of the rail page. Keys as in en_rail.py."""

from __future__ import annotations

WORDS: dict[str, str | tuple[str, str]] = {
    # The rail page's views
    "rail.view_threshold": "모델",
    "rail.view_labels": "적은 라벨",
    "rail.view_cycles": "주기별로",
    "rail.view_trace": "거슬러 보기",
    # Results by number of labels
    "cycles.none": (
        "아직 적은 라벨 실험이 없습니다. 라벨 3, 13 또는 21개로 시작해 나머지는 주기마다 스스로 "
        "라벨을 붙입니다."
    ),
    "cycles.start": "라벨 21개로 시작",
    "cycles.run": "실험",
    "cycles.figure": "수치",
    "cycles.published": "논문 1, 표 {table}: 다른 사진의 정확도, 5회 반복",
    "cycles.mean": "평균",
    "cycles.std": "편차",
    "cycles.min": "최소",
    "cycles.max": "최대",
    "few.runs": "실험",
    "few.runs_hint": "실험 선택",
    "few.choose": "실험을 하나 이상 고르세요.",
    "few.helped": (
        "<b>{name}</b>: 모든 반복에서 주기가 도움이 됩니다. “결함”의 F1이 라벨 {labels}개의 "
        "{first}에서 {cycles}주기 뒤 <b>{last}</b>{range}로 오릅니다."
    ),
    "few.harmed": (
        "<b>{name}</b>: 모든 반복에서 주기가 해롭습니다. “결함”의 F1이 라벨 {labels}개의 "
        "{first}에서 {cycles}주기 뒤 <b>{last}</b>{range}로 떨어집니다."
    ),
    "few.mixed": (
        "<b>{name}</b>: “결함”의 F1은 라벨 {labels}개에서 {first}, {cycles}주기 뒤 "
        "<b>{last}</b>{range}이며, 반복 {of}회 중 {better}회에서 오릅니다."
    ),
    "few.single": (
        "<b>{name}</b>: 반복 1회에서 “결함”의 F1은 라벨 {labels}개에서 {first}, {cycles}주기 뒤 "
        "<b>{last}</b>입니다."
    ),
    "few.one": "<b>{name}</b>: 라벨 {labels}개에서 “결함”의 F1은 <b>{first}</b>입니다.",
    "few.no_f1": "<b>{name}</b>: 아직 결함으로 판정된 것이 없습니다.",
    "few.fails": (
        "<b>이 사진들에서는 실패합니다</b>. 마지막 정확도 {accuracy}은(는) 모두 "
        "“정상”이라 하는 것({always})보다 낫지 않습니다."
    ),
    "few.in_repeats": "반복 {repeats}: {note}",
    "few.range": " ({low}~{high})",
    "few.published": "논문 1 표 {table}, 다른 사진",
    "few.title_f1": "“결함”의 F1",
    "few.title_balanced_accuracy": "균형 정확도",
    "few.title_accuracy": "정확도",
    "few.note": (
        "학습이 끝날 때마다 시험 사진으로 잰 값입니다. 굵은 선은 반복의 평균, 막대는 편차, 가는 "
        "세로선은 최소에서 최대, 가는 선은 각 반복입니다. 의사 라벨은 맞든 틀리든 라벨로 셉니다. "
        "대부분이 정상이면 정확도는 높게 나옵니다."
    ),
    "few.repeats": ("1회 반복", "{n}회 반복"),
    "few.extra": "라벨 {labels}개: 논문이 언급하지만 표에는 없는 추가 학습입니다.",
    "few.only_accuracy": "논문은 정확도만 싣습니다.",
    "few.csv": "모든 결과를 CSV로",
    "few.all_published": "논문 1, 표 1–3과 그림 4–6 (원문 그대로)",
    "few.figure": "논문 1 그림 {figure}: 정확도, 다른 사진",
    "figure.labels_hover": (
        "라벨 %{{customdata[0]}}개: %{{y:.3f}} ± %{{customdata[1]:.3f}}<br>%{{customdata[2]:.3f}}"
        "~%{{customdata[3]:.3f}}"
    ),
    # One cycle: the ledger
    "cycles.repeat": "반복",
    "cycles.cycle": "주기",
    "cycles.all": "전체",
    "cycles.not_yet": "이 실험의 첫 학습이 아직 끝나지 않았습니다.",
    "cycles.no_groups": "이 반복은 의사 라벨 없이 사람의 라벨로만 배웠습니다.",
    "cycles.corrected_name": "{name} · 수정됨",
    "cycles.of_one": "주기 {cycle}",
    "cycles.of_all": "전체 주기",
    "cycles.taken_both": (
        "{which}: 사진 {n}장 중 <b>{defect}</b>장이 “결함”이 되었습니다. {threshold} 초과 "
        "{above}장, 상위 {share} % 안 {room}장이며 두 규칙을 모두 채워야 합니다."
    ),
    "cycles.taken_threshold": (
        "{which}: 사진 {n}장 중 <b>{defect}</b>장이 {threshold}를 넘어 “결함”이 되었습니다."
    ),
    "cycles.taken_share": ("{which}: 상위 {share} %, 사진 {n}장 중 <b>{defect}</b>장이 “결함”이 되었습니다."),
    "cycles.taken_sure": "{which}: 사진 {n}장 중 {sure} 이상인 <b>{defect}</b>장이 “결함”이 되었습니다.",
    "cycles.taken_balanced": (
        "{which}: 예상 {share} % 중 앞 {portion} %, 사진 {n}장 가운데 <b>{defect}</b>장이 "
        "“결함”이 되었습니다."
    ),
    "cycles.left": ("1장은 나중으로 미뤘습니다.", "{n}장은 나중으로 미뤘습니다."),
    "cycles.by_people": ("라벨 1개는 사람이 붙였습니다.", "라벨 {n}개는 사람이 붙였습니다."),
    "cycles.are_wrong": (
        "라벨 <b>{wrong}</b>개가 틀렸습니다({share}): 정상을 결함으로 {false}개, 결함을 정상으로 {missed}개."
    ),
    "cycles.none_wrong": "틀린 것은 없습니다.",
    "cycles.flip": "학습 {trainings}에서는 {label}",
    "cycles.line": "주기 {cycle}, 확률 순위 {rank}, {p}",
    "cycles.pseudo": "모델의 라벨: {label}",
    # Correcting
    "cycles.confirm": "맞습니다: {label}",
    "cycles.overturn": "아닙니다: {label}",
    "cycles.said": (
        "{who}: 라벨 1개에 의견, {turned}개 뒤집음",
        "{who}: 라벨 {n}개에 의견, {turned}개 뒤집음",
    ),
    "cycles.history_of": ("기록 1건", "기록 {n}건"),
    "cycles.nothing_said": "아직 이 반복의 라벨을 확인하거나 뒤집은 사람이 없습니다.",
    "cycles.is_undone": (
        "{who} 님이 {since} 이 주기를 취소했습니다. 다시 학습하면 사진에 라벨을 새로 붙입니다."
    ),
    "cycles.undo": "주기 {cycle} 취소",
    "cycles.restore": "주기 {cycle} 되살리기",
    "cycles.undo_help": "다시 학습할 때 이 주기의 의사 라벨을 버립니다. 지워지는 것은 없습니다.",
    "cycles.train_again": "주기 {cycle} 뒤부터 다시 학습",
    "cycles.train_from_start": "처음부터 다시 학습",
    "cycles.train_words": (
        (
            "사람이 붙인 라벨로 이 반복의 학습 {first}–{last}을(를) 새로 합니다. 그 앞은 그대로 "
            "넘겨받고, 이 실행은 그대로 남습니다."
        ),
        (
            "사람이 붙인 라벨 {n}개로 이 반복의 학습 {first}–{last}을(를) 새로 합니다. 그 앞은 "
            "그대로 넘겨받고, 이 실행은 그대로 남습니다."
        ),
    ),
    "cycles.train_confirm": "학습 시작",
    "cycles.ordered": "실행 {id}이(가) 차례를 기다립니다.",
    "cycles.again": "다시 학습",
    "cycles.again_from": "실행 {id}, 학습 {training}부터",
    "cycles.f1_was": "이전 F1",
    "cycles.f1_now": "현재 F1",
    "cycles.who": "누가",
    "cycles.what": "무엇을",
    "cycles.photo": "사진",
    "cycles.when": "언제",
    "cycles.history": (
        "기록 1건, 최신순. 지워지는 것은 없습니다",
        "기록 {n}건, 최신순. 지워지는 것은 없습니다",
    ),
    "cycles.act_confirmed": "{label}(으)로 확인 (주기 {cycle}, 모델은 {p})",
    "cycles.act_overturned": "{label}(으)로 뒤집음 (주기 {cycle}, 모델은 {p})",
    "cycles.act_labelled": "{label}(으)로 라벨, 주기 {cycle} 뒤에 질문받음",
    "cycles.act_withdrawn": "되돌림 (주기 {cycle})",
    "cycles.act_undone": "주기 {cycle} 취소",
    "cycles.act_restored": "주기 {cycle} 되살림",
    # The desk itself
    "ledger.title": "확률 순의 사진과 두 선이 정하는 라벨",
    "ledger.note": (
        "수평선은 임계값, 점선은 비율입니다. ×는 알려진 범위에서 틀린 것, 마름모는 사람이 말한 "
        "것, 구리색은 바뀔 사진입니다."
    ),
    "ledger.x": "사진, 확률 순",
    "ledger.y": "결함 확률",
    "ledger.threshold": "임계값",
    "ledger.share": "결함이 될 수 있는 비율",
    "ledger.sure": "확신 기준",
    "ledger.portion": "각 종류에서 받는 비율",
    "ledger.left": "나중으로",
    "ledger.show_left": "나중으로",
    "ledger.left_word": "나중",
    "ledger.size": "그룹 크기",
    "ledger.as_run": "실행대로",
    "ledger.back": "실행의 선으로 되돌리기",
    "ledger.aside": ("확률은 그 실행의 것입니다. 라벨이 달랐다면 다음 네트워크는 다른 것을 배웠을 것입니다."),
    "ledger.changed": "사진 {of}장 중 {n}장이 바뀝니다",
    "ledger.was": "실행",
    "ledger.would": "이 선",
    "ledger.people": "사람 반영",
    "ledger.defect": "결함 라벨",
    "ledger.wrong": "틀림",
    "ledger.false_defects": "정상을 결함으로",
    "ledger.missed_defects": "결함을 정상으로",
    "ledger.show_all": "전체",
    "ledger.show_defect": "결함",
    "ledger.show_normal": "정상",
    "ledger.show_changed": "바뀜",
    "ledger.show_wrong": "틀림",
    "ledger.show_said": "사람이 말함",
    "ledger.show_flipped": "나중에 뒤집힘",
    "ledger.picked": "{n}장 선택",
    "ledger.confirm": "확인",
    "ledger.overturn": "뒤집기",
    "ledger.withdraw": "되돌리기",
    "ledger.clear": "선택 해제",
    "ledger.above": "선 위 {n}장 선택",
    "ledger.those": "바뀌는 {n}장 선택",
    "ledger.hint": "또는 곡선에서 둘러싸기",
    "ledger.pick": "선택",
    "ledger.defect_word": "결함",
    "ledger.normal_word": "정상",
    "ledger.wrong_word": "틀림: {label}",
    "ledger.right_word": "맞음",
    "ledger.confirmed": "✓ {who}, {when}",
    "ledger.overturned": "⇄ {who}, {when}",
    "ledger.labelled": "✓ {who}, {when}",
    "ledger.menu": "저장",
    "ledger.csv": "CSV로 저장",
    "ledger.png": "PNG로 저장",
    "ledger.svg": "SVG로 저장",
    # From a wrong verdict back to what taught it
    "cycles.wrong": "틀림: 전문가는 {label}",
    "trace.training": "학습 · 라벨",
    "trace.training_help": "학습은 매번 그때까지의 모든 라벨(사람과 의사 라벨)로 새로 배웁니다.",
    "trace.kept_nothing": "이 실험은 특징을 남기지 않아 거슬러 볼 수 없습니다. 새 실행은 남깁니다.",
    "trace.lead": (
        "학습 {training} 뒤 시험 사진 {n}장 중 결함 <b>{missed}</b>개를 놓치고 정상 "
        "<b>{false}</b>개를 결함이라 합니다."
    ),
    "trace.missed": "놓침 {n}",
    "trace.false": "오경보 {n}",
    "trace.none": "해당 없음.",
    "trace.said": "판정: {label}, {p}",
    "trace.near": (
        "학습 {training}이(가) 보기에 가장 닮은 의사 라벨 사진들입니다. "
        "숫자는 닮은 정도입니다. 1은 같음, 0은 공통점 없음."
    ),
    "trace.no_near": "이 학습의 특징이 남아 있지 않습니다.",
    "trace.labels_only": "첫 학습은 사람의 라벨로만 배웠습니다. 나중 학습을 고르세요.",
    "trace.of_cycle": "주기 {cycle}, 당시 {p}",
    "trace.others": ("이런 판정 1건", "이런 판정 {n}건"),
    "trace.others_note": "가장 확신한 실수부터입니다. 숫자는 결함 확률입니다.",
    "trace.run": "실행",
    "trace.p": "P(결함)",
    "trace.verdict": "판정",
    "trace.since": "학습 {training} 뒤, 이전과 이후",
    # What next
    "rail.view_advice": "다음에 할 일",
    "ledger.no_label": "아직 라벨 없음",
    "ledger.by_model": "모델이 붙인 라벨",
    "advice.alone": "첫 학습은 사람의 라벨로만 배웠습니다. 나중 학습을 이것과 견줍니다.",
    "advice.unknown": "도움이 되는지 알 수 없습니다. 가르치지 않은 사진 중 라벨이 있는 것이 없습니다.",
    "advice.better": (
        "학습 {training} 뒤 의사 라벨이 도움이 됩니다: 라벨만일 때보다 F1 {gain} ({low}~{high}), "
        "시험 사진 {n}장, 장소 {places}곳."
    ),
    "advice.worse": (
        "학습 {training} 뒤 의사 라벨이 해롭습니다: 라벨만일 때보다 F1 {gain} ({low}~{high}), "
        "시험 사진 {n}장, 장소 {places}곳."
    ),
    "advice.unclear": (
        "학습 {training} 뒤 의사 라벨이 도움이 되는지 확실하지 않습니다: 라벨만일 때보다 F1 "
        "{gain} ({low}~{high}), 시험 사진 {n}장, 장소 {places}곳."
    ),
    "advice.go_on": "<b>계속하세요.</b>",
    "advice.stop": "<b>멈추고 라벨만 쓰거나</b> 의사 라벨을 고치세요.",
    "advice.label": "계속하기보다 <b>아래 사진에 라벨을 붙이세요</b>.",
    "advice.label_there": "계속하기보다 <b>“다음에 할 일”에 나온 사진에 라벨을 다세요</b>.",
    "advice.gain_axis": "F1 증가",
    "advice.gain_title": "라벨만일 때보다 의사 라벨로 얻은 것",
    "advice.gain_note": (
        "95\u00a0% 구간, 장소 단위로 다시 뽑음. 채워진 점은 0과 분명히 다릅니다. 시험 사진이므로 "
        "이것으로 멈추면 시험에서 고른 셈입니다."
    ),
    "advice.interval": "학습 {training} 뒤 구간",
    "advice.gain_hover": (
        "학습 %{{customdata[0]}}: %{{y:+.3f}}<br>%{{customdata[1]:+.3f}}~%{{custom"
        "data[2]:+.3f}}<extra></extra>"
    ),
    "advice.ratio_axis": "결함 비율",
    "advice.ratio_title": "네트워크가 보는 결함의 비율",
    "advice.ratio_note": "라벨이 없는 사진의 답으로 추정, 95\u00a0% 구간.",
    "advice.ratio_not_yet": "레이블 {labels}개로는 아직 추정할 수 없습니다.",
    "advice.ratio_never": (
        "결함의 비율은 아직 추정할 수 없습니다. "
        "레이블이 없는 사진에 대한 답이 0\u00a0%나 100\u00a0%와도 들어맞습니다. "
        "레이블을 더하면 도움이 됩니다."
    ),
    "advice.ratio_interval": "95\u00a0% 구간",
    "advice.estimated": "추정",
    "advice.assumed": "가정",
    "advice.true": "실제",
    "advice.ask": "사람에게 묻기",
    "advice.how_many": "사진 수",
    "advice.photos": "사진 {n}장",
    "advice.ask_note": (
        (
            "1장이 답을 기다립니다. 라벨이 가장 도움이 될 사진, 즉 모델이 불확실하고 닮은 것에 "
            "라벨이 없는 사진입니다."
        ),
        (
            "{n}장이 답을 기다립니다. 라벨이 가장 도움이 될 사진, 즉 모델이 불확실하고 닮은 것에 "
            "라벨이 없는 사진입니다."
        ),
    ),
    "advice.all_answered": "모두 답했습니다. 이것으로 다시 학습하세요.",
    "advice.nothing_to_ask": "이 실행은 특징을 남기지 않아 물을 수 없습니다. 새 실행은 남깁니다.",
    "advice.start_axis": "처음 라벨 수, 무작위",
    "advice.luck_axis": "“결함”의 F1",
    "advice.luck_title": "결과 중 뽑기 운의 몫",
    "advice.luck_note": (
        "크기마다 무작위 시작 100번, 첫 학습의 특징에 선형 분류. 띠는 5~95\u00a0%. 수준이 아니라 "
        "흩어짐을 말합니다."
    ),
    "advice.luck_note_head": (
        "크기마다 무작위 시작 40번, 풀에서 주기까지 실험 전체. 띠는 5~95\u00a0%, 점선은 라벨만."
    ),
    "advice.luck_alone": "라벨만",
    "advice.luck_alone_hover": "라벨 %{{x}}개만: %{{y:.2f}}<extra></extra>",
    "advice.luck_alone_words": ("라벨만으로는 {low}~{high}(편차 {std})입니다."),
    "advice.luck_band": "뽑기의 5~95\u00a0%",
    "advice.luck_mean": "평균",
    "advice.luck_hover": "라벨 %{{x}}개: %{{y:.2f}} ± %{{customdata[0]:.2f}}<extra></extra>",
    "advice.enough_mark": "라벨 {n}개: ±{bound}",
    "advice.luck_words": (
        "라벨 {n}개를 다시 뽑으면 F1이 {low}~{high}(편차 {std})일 수 있고, 뽑기의 {one}는 한 종류만 담습니다."
    ),
    "advice.enough": "라벨 {more}개를 더해 모두 {all}개면 편차가 {bound} 안에 듭니다.",
    "advice.enough_already": "이 편차는 이미 {bound} 안에 있습니다. 라벨을 더하면 안정보다 F1이 오릅니다.",
    "advice.never_enough": "시험한 어떤 크기도 편차를 {bound} 안에 들이지 못합니다.",
}
