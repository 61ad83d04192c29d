"""Seed files like real ones, as many as asked for: about 2,000 characters, ten terms, five points each."""

import random
import sys
from pathlib import Path

SYLLABLES = "数据模型智能学习网络图像语音机器视觉系统平台研究开发应用技术产业电影医疗教育汽车芯片音乐新闻法律城市农业能源安全标准评测训练推理部署开源社区团队公司高校实验室"
STOPS = "，，，。，，；。"


def phrase(rng: random.Random, length: int) -> str:
    return "".join(rng.choices(SYLLABLES, k=length))


def text(rng: random.Random, length: int) -> str:
    parts = []
    while length > 0:
        size = rng.randint(6, 18)
        parts.append(phrase(rng, size) + rng.choice(STOPS))
        length -= size + 1
    return "".join(parts).rstrip("，；。") + "。"


def seed(number: int) -> str:
    """One record; the same number gives the same text."""
    rng = random.Random(number)
    pick = lambda kind, many, count: ", ".join(f"{kind}{rng.randint(1, many)}" for _ in range(count))  # noqa: E731
    points = "\n\n".join(f"{i}. **{phrase(rng, 8)}**：{text(rng, 60)}" for i in range(1, 6))
    return (
        f"标题: {phrase(rng, 20)}{number}\n"
        f"链接: https://news{number % 97}.example.com/2024/{1 + number % 12:02}{1 + number % 28:02}/{number}.html\n"
        f"总结: {text(rng, 2000)}\n"
        f"关键词: {pick('词', 5000, 4)}\n"
        f"AI技术: {pick('Tech ', 300, 3)}\n"
        f"行业: {pick('行业', 60, 3)}\n"
        f"重大事件摘要: 本文介绍{phrase(rng, 20)}。以下是文章的重大事件总结：\n\n{points}\n\n这篇文章说明{text(rng, 30)}\n"
    )


def write_seeds(folder: Path, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"{number:06}.txt").write_text(seed(number), encoding="utf-8")


if __name__ == "__main__":
    write_seeds(Path(sys.argv[1]), int(sys.argv[2]))
