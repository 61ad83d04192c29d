"""A library of articles that search and facets meet as they meet real ones: `python -m benchmarks.library 100000`.

Fills the configured database, which must have no articles and no terms yet. What search costs depends on how often
words, characters and terms occur, so all of them follow Zipf's law: a few in most articles, most in a few. Each
article has words of its own that come again and again, its terms among them, as a text has a subject. The same
number gives the same article (only its date is counted back from `until`), whatever the number of articles.
"""

import os
import random
import sys
import time
from array import array
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate, chain
from multiprocessing import get_context
from uuid import UUID

import django
import opencc

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from articles import links  # noqa: E402
from articles.identity import end_with_parent  # noqa: E402
from articles.models import TERM_FIELDS, Article, DateOrigin, EventPoint, EventSummary, Source, Status  # noqa: E402
from articles.storing import LINK_COLUMNS, POINT_COLUMNS  # noqa: E402
from taxonomy import names  # noqa: E402
from taxonomy.models import VOCABULARIES, Term  # noqa: E402

CHUNK = 500  # articles a transaction
SOURCES = 97
KEYWORDS, TECHNOLOGIES = 5_000, 300
TERMS_EACH = {"keyword": 4, "technology": 3, "industry": 3}  # of an article
WORDS = 20_000
YEARS = timedelta(days=3652)
# One article in so many is scheduled, withdrawn, partly in traditional or in full-width characters.
SCHEDULED = WITHDRAWN = 1_009
TRADITIONAL = FULL_WIDTH = 200

# --- words ----------------------------------------------------------------------------------------

# The most frequent first. What follows them in a rank is invented.
FUNCTION = "的 是 在 和 了 与 将 为 对 也 等 中 从 可以 通过 进行 这 以及 我们 并 更 其 但 而 被 有 一个 不 上 该".split()
COMMON = """人工智能 模型 数据 技术 生成 视频 训练 公司 用户 应用 研究 发展 内容 能力 系统 大模型 版权 图像 行业 产品 企业 市场
创作 平台 算法 智能 文本 影像 电影 问题 服务 语言 学习 工具 场景 开发 未来 创新 领域 机器人 全球 中国 美国 安全 芯片 算力 开源
生成式 音乐 游戏 导演 观众 作品 法律 监管 隐私 医疗 教育 金融 汽车 自动驾驶 机器学习 深度学习 神经网络 扩散模型 多模态 语音 识别
翻译 搜索 推荐 广告 新闻 媒体 编辑 记者 出版 文化 艺术 设计 动画 特效 剧本 演员 制片 好莱坞 版权保护 著作权 侵权 诉讼 法院 欧盟
政策 标准 伦理 治理 投资 融资 创业 团队 高校 实验室 论文 评测 推理 部署 云计算 数据中心 能源 电力 农业 制造 供应链 物流 零售
气候 航天 卫星 药物 基因 诊断 机器翻译 数字人 虚拟现实 元宇宙 直播 短视频 社交媒体 长视频 提示词 智能体 知识库 向量 检索""".split()
LATIN = """AI 2024 OpenAI API GPT-4o GPU 2023 ChatGPT Google 2025 Transformer Sora H100 Meta NVIDIA Claude 10 Gemini 3D DeepSeek
Midjourney Runway LLM 5G A100 Llama3 GPT-4 Stable Diffusion AIGC Pika CLIP BERT LoRA RAG Python iPhone Netflix TikTok 100 30 PyTorch
Hugging Face Qwen2.5 Kimi B200 V100 AGI""".split()
FREQUENT = """一人大中国上时在地到出会可能生行对成方多年动学作分进用发家本法过开自现前所同经然事种部面体力机实业电化高理公明
性长定度关点制品合技新科数据智网络图像语音视频模型系统平台研究应算设计产市场信息内容创文本影版权保护安全交通医疗教育金融车芯片
训练推理开源社区团队""".replace("\n", "")
INDUSTRIES = """影视 传媒 游戏 广告 教育 医疗 金融 汽车 制造 零售 电商 物流 农业 能源 法律 出版 音乐 动漫 旅游 建筑 房地产 电信 航空
航天 半导体 软件 互联网 云计算 网络安全 机器人 消费电子 制药 生物科技 保险 证券 银行 政务 国防 化工 钢铁 矿业 电力 水务 环保 纺织 服装
食品 餐饮 酒店 体育 博彩 会展 咨询 人力资源 设计 艺术 文博 公益 海事 气象""".split()
METHODS = """大模型 扩散模型 Transformer 计算机视觉 自然语言处理 机器学习 深度学习 强化学习 生成对抗网络 语音合成 语音识别 多模态
文生视频 文生图 知识图谱 RAG 智能体 联邦学习 迁移学习 LoRA CLIP 目标检测 图像分割 数字人 自动驾驶""".split()
ENDINGS = ("网络", "算法", "学习", "模型", "架构", "生成", "检测")
STARTS = "Ka Ne Tri Vo Sel Mo Qua Lu Ar Zen Pix Dra Flo Hy Syn Opti Vid Clo Neu Gra".split()
MIDDLES = ["va", "ro", "li", "xo", "ta", "ni", "me", "do", ""]
TAILS = ["AI", "net", "ra", "x", "Labs", "GPT", "-2", "-7B", "3.5", "Flow", "on", "ia"]

# Around a Latin word until the text is put together: two of them side by side get a space, others none.
GAP = "\0"


def zipf[Item](
    items: Sequence[Item], shift: float = 0.0, exponent: float = 1.0, size: int = 1 << 18
) -> list[Item]:
    """So many places, shared among the items by Zipf's and Mandelbrot's law: a random place is a draw."""
    weights = list(accumulate((rank + shift) ** -exponent for rank in range(1, len(items) + 1)))
    ends = [round(size * weight / weights[-1]) for weight in weights]
    return [item for item, start, end in zip(items, [0, *ends], ends) for _place in range(end - start)]  # noqa: B905
