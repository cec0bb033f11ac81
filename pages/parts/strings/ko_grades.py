"""Korean: the corrosion laboratory's matrix, labels, networks and search."""

from __future__ import annotations

WORDS: dict[str, str | tuple[str, str]] = {
    "corrosion.view_labels": "라벨",
    "confusion.split": "사진",
    "confusion.fold": "폴드",
    "confusion.every_fold": "모든 폴드",
    "confusion.fold_n": "폴드 {fold}",
    "confusion.campaign": "점검 차수",
    "confusion.every_campaign": "점검 {n}차 전체",
    "confusion.as_corrected": ("이후 수정된 라벨 1개를 반영", "이후 수정된 라벨 {n}개를 반영"),
    "confusion.looked": "밝은 곳: {label}(으)로 본 근거(Grad-CAM). o 키로 끕니다.",
    "confusion.intervals": "구간은 점검 차수를 다시 뽑아 구한 95\u00a0% 구간입니다.",
    "confusion.compare_title": "다른 모델과 비교",
    "confusion.compare": "비교할 모델",
    "confusion.nobody": "없음",
    "confusion.no_common": "{other} 모델은 이 사진들에 답한 적이 없습니다.",
    "confusion.difference_title": "{one} − {other}, 사진 수",
    "confusion.difference_note": "두 모델이 모두 답한 사진 {n}장. 초록: 맞음이 늘었거나 틀림이 줄었습니다.",
    "confusion.difference_caption": "차이의 의미",
    "confusion.less": "차이",
    "confusion.worth": "우연을 넘는가?",
    "confusion.sure": "예, 95\u00a0%",
    "confusion.chance": "이 사진들로는 알 수 없음",
    "relabel.which": "어느 라벨이 맞습니까?",
    "relabel.note": "이유",
    "relabel.note_hint": "이유(선택)",
    "relabel.mark": "재학습용으로 표시",
    "relabel.marked": "재학습용으로 표시됨",
    "relabel.mark_help": "다음 학습부터 에폭마다 두 번 학습합니다.",
    "relabel.test": "시험 사진: 라벨은 고칠 수 있지만 학습에는 쓰지 않습니다.",
    "relabel.back": "수정 취소",
    "relabel.said": "{who}: {was} → {now}",
    "relabel.unsaid": "{who}: {was} 취소",
    "relabel.mark_done": "{who}: 재학습용",
    "relabel.mark_undone": "{who}: 재학습 표시 해제",
    "relabel.trim_done": "{who}: 자르기 상자를 그림",
    "relabel.trim_undone": "{who}: 자르기 상자 취소",
    "relabel.only_mark": "재학습용",
    "relabel.only_trim": "새 자르기 상자",
    "relabel.now": "지금 {label} – {who}",
    "relabel.none": "라벨 없음",
    "doubts.listed": "다음 학습에 반영",
    "doubts.none": (
        "아직 고친 라벨도 표시한 사진도 없습니다. 혼동 행렬의 사진이나 아래 의심 라벨을 열어 보세요."
    ),
    "doubts.lead": "수정 <b>{labels}</b>, 표시 <b>{marks}</b>. 지금 시작하는 학습부터 반영됩니다.",
    "doubts.train": "이 라벨로 학습",
    "doubts.title": "의심스러운 라벨",
    "doubts.note": (
        "그 사진을 배우지 않은 모델의 판단입니다: 다른 등급이 그 등급 사진에서 보통 나오는 만큼 "
        "그럴듯합니다. 의심은 증거가 아니니 보고 나서 고치거나 두세요."
    ),
    "doubts.found": (
        "라벨 {of}개 중 <b>1</b>개가 의심스럽고, 그중 {seen}개는 이미 고쳤습니다.",
        "라벨 {of}개 중 <b>{n}</b>개가 의심스럽고, 그중 {seen}개는 이미 고쳤습니다.",
    ),
    "doubts.likelier": "{grade}처럼 보임, {margin} 차이",
    "corrosion.view_networks": "네트워크",
    "networks.compare_help": "고른 네트워크마다 고른 보기로, 논문의 탐색이 고른 설정으로 차례로 학습합니다.",
    "networks.which": "네트워크",
    "networks.views": "사진",
    "networks.planned": (
        "학습 1회, 에폭 {epochs}, 폴드 {folds}.",
        "학습 {n}회를 차례로, 각 에폭 {epochs}, 폴드 {folds}.",
    ),
    "networks.none": (
        "어느 네트워크가 가장 좋고 자르기는 얼마나 도움이 됩니까? 한 번에 여럿을 학습하면 논문의 "
        "그림 2–4와 표가 여기에 나타납니다."
    ),
    "networks.begin": "네트워크 비교",
    "networks.best_test": (
        "교차 검증에서 {name}이(가) 가장 좋고(평균 F1 {val}), 시험 사진 {photos}장에서는 {f1}입니다."
    ),
    "networks.best_val": (
        "검증 사진 {photos}장에서 {name}이(가) 가장 좋습니다(평균 F1 {f1}). 시험 사진은 없습니다."
    ),
    "networks.mean_help": "네 등급의 평균 F1",
    "networks.grade_help": "이 등급의 F1",
    "networks.folds_f1": "폴드",
    "networks.table_4": "표 4: 시험 사진의 정밀도, 재현율, F1. 마지막 열은 교차 검증의 평균 F1",
    "networks.published_note": (
        "“논문” 값은 다른 사진 120장의 값입니다. 이만큼 적으면 0.07–0.09보다 작은 차이는 우연일 수 있습니다."
    ),
    "networks.lacking": "여기에 온전하지 않은 ImageNet 가중치 – {which}",
    "networks.figure_2": "그림 2: 에폭별 검증 손실",
    "networks.figure_3": "그림 3: 에폭별 검증 정확도",
    "networks.figure_4": "그림 4: 등급 혼동, 행 비율",
    "networks.epoch": "에폭",
    "corrosion.view_search": "탐색",
    "search.none": (
        "어떤 설정이 사진에 맞습니까? 탐색은 여러 설정을 시도하고, 나쁜 것은 일찍 멈추며, 중단되어도 "
        "이어서 합니다."
    ),
    "search.which": "탐색",
    "search.so_far": "{n}회 중 {done}회 끝남",
    "search.best": "최고 평균 F1 <b>{f1}</b>, 시도 {number}",
    "search.saved": (
        "1회를 일찍 멈춰 {epochs} 에폭 절약({share})",
        "{n}회를 일찍 멈춰 {epochs} 에폭 절약({share})",
    ),
    "search.go_on": "계속",
    "search.train": "가장 좋은 설정으로 전체 학습",
    "search.run": "실행 보기",
    "search.range": "탐색 범위",
    "search.paper": "논문의 선택",
    "search.ours": "여기서 최선",
    "search.beside": "{network}: 논문의 선택과 우리의 선택",
    "search.history": "경과",
    "search.importances": "중요도",
    "search.parallel": "함께 보기",
    "search.slices": "하나씩",
    "search.intermediate": "곡선",
    "search.history_title": "시도별 평균 검증 F1",
    "search.importances_title": "어떤 설정이 좋고 나쁨을 가르는가(PED-ANOVA)",
    "search.parallel_title": "시도마다 설정을 지나는 한 줄",
    "search.slices_title": "설정별 평균 F1",
    "search.intermediate_title": "시도별 에폭 경과. 짧은 선은 일찍 멈춘 것",
    "search.too_few": "두 번의 시도가 끝난 뒤에 볼 수 있습니다.",
    "search.begin": "탐색 시작",
    "search.trials": "시도 횟수",
    "search.epochs": "시도당 에폭",
    "search.paper_note": "논문: 네트워크마다 150 에폭씩 50회. 중앙값보다 나쁜 시도는 일찍 멈춥니다.",
    "search.start": "탐색 시작하기",
    "networks.trimmed": "자른 사진",
    "networks.whole": "전체 사진",
    "crop.box": "부품 자르기 상자: 화살표로 이동, Shift와 함께 크기 조절, Enter로 저장",
    "crop.keep": "이 상자 저장",
    "crop.judge": "이 부분을 판정",
    "crop.whole": "전체 사진",
    "crop.back": "원래대로",
    "crop.propose": "제안된 상자",
    "history.with_box": "{model}: 상자 안 부품은 {verdict}",
    "crop.both_drawn": "그린 상자 안: {box}. 전체 사진: {whole}.",
    "crop.both_proposed": "제안된 상자 안: {box}. 전체 사진: {whole}.",
    "crop.differ": "사람이 확인해야 합니다.",
    "crop.hint": "상자나 모서리를 끌거나 새로 그리세요.",
    "crop.keys": "화살표로 이동, Shift와 함께 크기를 바꿉니다.",
    "crop.title": "부품만 자르기",
    "crop.note": "사진은 그대로이고, 상자만 그린 사람과 함께 저장됩니다.",
    "crop.kept": "상자를 저장했습니다.",
    "corrosion.view_margins": "자르기",
    "margins.none": (
        "부품만으로 충분한가요, 주변도 필요한가요? 같은 사진을 그린 상자(1.0)부터 사진 전체까지 "
        "여백마다 한 번 측정합니다."
    ),
    "margins.measure": "모든 여백에서 측정",
    "margins.best": "여백 {n}가지 가운데 {margin}: 평균 F1 <b>{f1}</b>. 여럿 중 최고값은 좋게 보입니다.",
    "margins.sure": "전체 사진과 그린 상자의 차이: {less} ({low} … {high}), 우연을 넘습니다.",
    "margins.chance": (
        "전체 사진과 그린 상자의 차이: {less} ({low} … {high}), 이 사진들로는 우연과 구별되지 않습니다."
    ),
    "margins.slider": "상자 둘레 여백",
    "margins.help": "1.0은 그린 상자 그대로, 2.0은 가로세로 두 배입니다.",
    "margins.whole": "전체",
    "margins.title": "상자 둘레 여백에 따른 F1",
    "margins.axis": "모델이 보는 범위(상자의 몇 배)",
    "margins.photos": "{of}장 가운데 {n}장의 등급이 여백에 따라 달라집니다. 그 사진이 먼저 나옵니다",
    "margins.was": "그린 상자에서는 {label}",
    "margins.note": (
        "사진 {n}장을 주변이 있는 사진에서 잘랐습니다. 구간은 점검 단위로 다시 뽑았습니다. "
        "모델은 카드에 적힌 대로 학습했고 보는 방식만 다릅니다."
    ),
}
