"""Chinese as a search index meets it, invented: a vocabulary and texts whose frequencies are those of real ones.

What search costs depends on how often words and characters occur, so they follow Zipf's law: a few in most texts,
most in a few. Each text has words of its own that come again and again, as it has a subject. No database.
"""

import random
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, repeat

import opencc

from taxonomy import names

WORDS = 20_000
# One text in so many is partly in traditional, one partly in full-width characters.
TRADITIONAL = FULL_WIDTH = 200

# --- words ----------------------------------------------------------------------------------------

# The most frequent first. What follows them in a rank is invented.
FUNCTION = str.split("""
    的 是 在 和 了 与 将 为 对 也 等 中 从 可以 通过 进行 这 以及 我们 并 更 其 但 而 被 有 一个 不 上 该
""")
COMMON = str.split("""
    人工智能 模型 数据 技术 生成 视频 训练 公司 用户 应用 研究 发展 内容 能力 系统 大模型 版权 图像 行业
    产品 企业 市场 创作 平台 算法 智能 文本 影像 电影 问题 服务 语言 学习 工具 场景 开发 未来 创新 领域
    机器人 全球 中国 美国 安全 芯片 算力 开源 生成式 音乐 游戏 导演 观众 作品 法律 监管 隐私 医疗 教育 金融
    汽车 自动驾驶 机器学习 深度学习 神经网络 扩散模型 多模态 语音 识别 翻译 搜索 推荐 广告 新闻 媒体 编辑
    记者 出版 文化 艺术 设计 动画 特效 剧本 演员 制片 好莱坞 版权保护 著作权 侵权 诉讼 法院 欧盟 政策 标准
    伦理 治理 投资 融资 创业 团队 高校 实验室 论文 评测 推理 部署 云计算 数据中心 能源 电力 农业 制造 供应链
    物流 零售 气候 航天 卫星 药物 基因 诊断 机器翻译 数字人 虚拟现实 元宇宙 直播 短视频 社交媒体 长视频
    提示词 智能体 知识库 向量 检索
""")
LATIN = str.split("""
    AI 2024 OpenAI API GPT-4o GPU 2023 ChatGPT Google 2025 Transformer Sora H100 Meta NVIDIA Claude 10
    Gemini 3D DeepSeek Midjourney Runway LLM 5G A100 Llama3 GPT-4 Stable Diffusion AIGC Pika CLIP BERT LoRA
    RAG Python iPhone Netflix TikTok 100 30 PyTorch Hugging Face Qwen2.5 Kimi B200 V100 AGI
""")
FREQUENT = """一人大中国上时在地到出会可能生行对成方多年动学作分进用发家本法过开自现前所同经然事种部面体力机实业电化高理公明
性长定度关点制品合技新科数据智网络图像语音视频模型系统平台研究应算设计产市场信息内容创文本影版权保护安全交通医疗教育金融车芯片
训练推理开源社区团队""".replace("\n", "")
INDUSTRIES = str.split("""
    影视 传媒 游戏 广告 教育 医疗 金融 汽车 制造 零售 电商 物流 农业 能源 法律 出版 音乐 动漫 旅游 建筑
    房地产 电信 航空 航天 半导体 软件 互联网 云计算 网络安全 机器人 消费电子 制药 生物科技 保险 证券 银行
    政务 国防 化工 钢铁 矿业 电力 水务 环保 纺织 服装 食品 餐饮 酒店 体育 博彩 会展 咨询 人力资源 设计 艺术
    文博 公益 海事 气象
""")
METHODS = str.split("""
    大模型 扩散模型 Transformer 计算机视觉 自然语言处理 机器学习 深度学习 强化学习 生成对抗网络 语音合成
    语音识别 多模态 文生视频 文生图 知识图谱 RAG 智能体 联邦学习 迁移学习 LoRA CLIP 目标检测 图像分割 数字人
    自动驾驶
""")
ENDINGS = ("网络", "算法", "学习", "模型", "架构", "生成", "检测")
STARTS = str.split("""
    Ka Ne Tri Vo Sel Mo Qua Lu Ar Zen Pix Dra Flo Hy Syn Opti Vid Clo Neu Gra Bri Cor El Fin Gen Hel Jan
""")
MIDDLES = ["va", "ro", "li", "xo", "ta", "ni", "me", "do", ""]
TAILS = str.split("AI net ra x Labs GPT -2 -7B 3.5 Flow on ia")

# Around a Latin word until the text is put together: two of them side by side get a space, others none.
GAP = "\0"


def zipf(items: Sequence, shift: float = 0.0, exponent: float = 1.0, size: int = 1 << 20) -> list:
    """So many places, shared among the items by the law of Zipf and Mandelbrot: a random place is a draw."""
    weights = list(accumulate((rank + shift) ** -exponent for rank in range(1, len(items) + 1)))
    ends = [round(size * weight / weights[-1]) for weight in weights]
    places = map(int.__sub__, ends, [0, *ends])
    return list(chain.from_iterable(map(repeat, items, places)))


def han() -> list[str]:
    """The common characters of GB 2312, the most frequent of all first."""
    level_1 = bytes(
        chain.from_iterable((row, cell) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    )
    characters = list(level_1.decode("gb2312", errors="ignore"))
    random.Random(1).shuffle(characters)
    return list(dict.fromkeys([*FREQUENT, *characters]))[:3_500]


def han_words(count: int) -> list[str]:
    """Function words, then the common ones with ever more invented ones between them."""
    rng = random.Random(2)
    characters = zipf(han(), shift=20, exponent=1.05)
    words = dict.fromkeys([*FUNCTION, *COMMON[:12]])
    waiting = iter(COMMON[12:])
    while len(words) < count:
        length = rng.choices((1, 2, 3, 4), (4, 62, 18, 16))[0]
        words["".join(rng.choices(characters, k=length))] = None
        if len(words) % 5 == 0:
            words.setdefault(next(waiting, FUNCTION[0]))
    return list(words)[:count]


def latin_words(count: int) -> list[str]:
    rng = random.Random(3)
    words = dict.fromkeys(LATIN)
    while len(words) < count:
        words[rng.choice(STARTS) + rng.choice(MIDDLES) + rng.choice(TAILS)] = None
    return list(words)


def vocabulary() -> list[str]:
    """All words by rank, those in Latin letters or digits at such ranks that they are one word in twenty."""
    latin_ranks = {rank for rank in range(60, WORDS) if rank % (20 if rank < 1_000 else 9) == 0}
    latin = iter([f"{GAP}{word}{GAP}" for word in latin_words(len(latin_ranks))])
    other = iter(han_words(WORDS - len(latin_ranks)))
    return [next(latin if rank in latin_ranks else other) for rank in range(WORDS)]


# --- text -----------------------------------------------------------------------------------------

# Clauses: how many words, what stands before and after them.
CLAUSES = [
    *((count, "", "，") for count in (3, 4, 5, 5, 6, 6, 7, 8, 9, 11)),
    *((count, "", "。") for count in (4, 5, 6, 7, 8, 9, 10)),
    *((count, "", "；") for count in (5, 8)),
    *((count, "", "。\n") for count in (5, 7, 9)),
    (3, "", "："),
    (2, "“", "”"),
    (5, "“", "。”"),
]
WORD_LENGTH = 2.65  # characters of an average draw, punctuation included
TOPIC = 32  # words that come again and again in an article
_traditional = opencc.OpenCC("s2t").convert
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


class Writer:
    """Writes texts in one vocabulary about one topic at a time."""

    def __init__(self) -> None:
        self.words = vocabulary()
        self.bag = zipf(self.words, shift=2.7)
        self.rng = random.Random()
        self.topic: list[str] = []

    def take_up(self, subjects: Iterable[str]) -> None:
        """From here on it is about these, and about some words more."""
        self.topic = [f"{GAP}{subject}{GAP}" if subject.isascii() else subject for subject in subjects]
        while len(self.topic) < TOPIC:
            self.topic.append(self.words[int(len(self.words) * self.rng.random() ** 3)])

    def draw(self, count: int) -> list[str]:
        """Words, a quarter of them from the topic. Bits of one number decide: choices() takes far longer."""
        bag, topic, last = self.bag, self.topic, len(self.bag) - 1
        numbers = array("I", self.rng.randbytes(4 * count))
        return [topic[n >> 20 & 31] if n < 1 << 30 else bag[n & last] for n in numbers]

    def text(self, length: int) -> str:
        """Paragraphs of about so many characters."""
        words = self.draw(max(2, round(length / WORD_LENGTH)))
        parts: list[str] = []
        start = 0
        while start < len(words):
            count, before, after = CLAUSES[int(self.rng.random() * len(CLAUSES))]
            parts += (before, *words[start : start + count], after)
            start += count
        return joined(parts).strip("，；：。\n") + "。"

    def line(self, length: int) -> str:
        return self.text(length).replace("\n", "")

    def heading(self, length: int) -> str:
        return joined(self.draw(round(length / WORD_LENGTH)))


def joined(parts: Iterable[str]) -> str:
    return "".join(parts).replace(GAP + GAP, " ").replace(GAP, "")


def dressed(text: str, number: int) -> str:
    """The opening of a few texts in other characters that search must see through."""
    opening, rest = text[:700], text[700:]
    if number % TRADITIONAL == 3:
        return _traditional(opening) + rest
    if number % FULL_WIDTH == 5:
        return opening.translate(_FULL_WIDTH) + rest
    return text


# --- names of terms -------------------------------------------------------------------------------


def distinct(candidates: Iterator[str], count: int) -> list[str]:
    """The first so many that are names of different terms."""
    found: dict[str, str] = {}
    while len(found) < count:
        name = next(candidates)
        found.setdefault(names.key(name), name)
    return list(found.values())


def keyword_names() -> Iterator[str]:
    rng = random.Random(4)
    yield from (word for word in COMMON if len(word) > 1)
    plain = [word.strip(GAP) for word in vocabulary() if word not in FUNCTION]
    while True:
        name = rng.choice(plain)
        yield name if len(name) > 2 else name + rng.choice(plain)


def technology_names() -> Iterator[str]:
    rng = random.Random(5)
    yield from METHODS
    han, latin = han_words(2_000), latin_words(2_000)
    while True:
        yield rng.choice((rng.choice(latin[50:]), rng.choice(han[50:]) + rng.choice(ENDINGS)))
