"""The example clips, drawn by this code, with no footage of anybody's: `python -m vidclass.page.drawing`.

Each shows one sport and is interrupted now and then by a few frames of another, as by a cut or a faulty signal. Judged
frame by frame the label jumps with every interruption; averaged over the last K frames it stays.
"""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from vidclass import video
from vidclass.annotate import to_planes
from vidclass.preprocess import Image

WIDTH, HEIGHT, FPS, SECONDS = 480, 360, 25, 8
INTERRUPTION = 4
"""Frames of an interruption."""

Scene = Callable[[float], Image]
"""Seconds -> picture."""


def chess(time: float) -> Image:
    """A chessboard seen from one side, with its pieces; the camera sways."""
    picture = np.full((HEIGHT, WIDTH, 3), (150, 120, 90), np.uint8)
    cell = 60
    rows, columns = np.indices((8 * cell, 8 * cell)) // cell
    squares = (rows + columns) % 2
    board = np.where(squares[..., None] == 0, (235, 215, 180), (120, 75, 40)).astype(np.uint8)
    sway = 10 * np.sin(time)
    corners = np.array([[0, 0], [8 * cell, 0], [8 * cell, 8 * cell], [0, 8 * cell]], np.float32)
    seen = np.array([[110 + sway, 60], [370 + sway, 60], [465 + sway, 345], [15 + sway, 345]], np.float32)
    view = cv2.getPerspectiveTransform(corners, seen)
    cv2.warpPerspective(board, view, (WIDTH, HEIGHT), picture, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_TRANSPARENT)
    black, white = (40, 32, 30), (238, 228, 205)
    advanced = 3 + int(time) % 4
    men = [(file, 0, black, 1 + file % 3) for file in range(8)] + [(file, 1, black, 0) for file in range(8)]
    men += [(file, 4 if file == advanced else 6, white, 0) for file in range(8)]
    men += [(file, 7, white, 1 + file % 3) for file in range(8)]
    for file, rank, color, kind in sorted(men, key=lambda man: man[1]):
        foot = cv2.perspectiveTransform(np.array([[[(file + 0.5) * cell, (rank + 0.6) * cell]]], np.float32), view)[
            0, 0
        ]
        _chessman(picture, foot, 0.55 + rank / 16, color, kind)
    return picture


def _chessman(picture: Image, foot: np.ndarray, scale: float, color: tuple[int, int, int], kind: int) -> None:
    x, y = int(foot[0]), int(foot[1])
    height, width = int((34 + 14 * kind) * scale), int(13 * scale)
    shade = tuple(int(value * 0.7) for value in color)
    cv2.ellipse(picture, (x, y), (int(width * 1.25), int(width * 0.6)), 0, 0, 360, shade, -1, cv2.LINE_AA)
    waist, top = int(width * 0.45), y - int(height * 0.7)
    body = np.array([[x - width, y], [x + width, y], [x + waist, top], [x - waist, top]], np.int32)
    cv2.fillPoly(picture, [body], color, cv2.LINE_AA)
    cv2.ellipse(picture, (x, top), (int(width * 0.7), int(width * 0.3)), 0, 0, 360, shade, -1, cv2.LINE_AA)
    cv2.circle(picture, (x, y - int(height * 0.85)), int(width * 0.62), color, -1, cv2.LINE_AA)
    if kind > 1:
        tip = y - int(height * 1.25)
        cv2.line(picture, (x, y - height), (x, tip), color, max(2, int(4 * scale)), cv2.LINE_AA)


def table_tennis(time: float) -> Image:
    """A table with its net, two players, and the ball going back and forth."""
    picture = np.full((HEIGHT, WIDTH, 3), (120, 40, 45), np.uint8)
    picture[:110] = (35, 45, 80)
    table = np.array([[150, 150], [330, 150], [420, 290], [60, 290]], np.int32)
    cv2.fillPoly(picture, [table], (30, 90, 170), cv2.LINE_AA)
    cv2.polylines(picture, [table], True, (245, 245, 245), 3, cv2.LINE_AA)
    cv2.line(picture, (240, 150), (240, 290), (245, 245, 245), 1, cv2.LINE_AA)
    cv2.rectangle(picture, (60, 290), (420, 300), (20, 55, 110), -1)
    for x in (90, 390):
        cv2.line(picture, (x, 300), (x, 352), (25, 25, 30), 6, cv2.LINE_AA)
    _player(picture, 240 + 35 * np.sin(1.7 * time), 165, 0.9, (200, 40, 45))
    cv2.rectangle(picture, (100, 192), (380, 212), (235, 235, 240), 2)
    for x in range(104, 380, 6):
        cv2.line(picture, (x, 192), (x, 212), (190, 195, 205), 1)
    swing = np.sin(4 * time)
    ball = (int(240 + 60 * np.sin(1.3 * time)), int(215 + 55 * swing - 28 * abs(np.cos(4 * time))))
    cv2.circle(picture, ball, 5, (255, 250, 240), -1, cv2.LINE_AA)
    _player(picture, 250 + 60 * np.sin(1.3 * time), 356, 1.7, (40, 120, 60))
    return picture


def _player(picture: Image, x: float, feet: int, scale: float, shirt: tuple[int, int, int]) -> None:
    skin = (205, 150, 120)
    center, height = int(x), 80 * scale
    hip, neck = int(feet - 0.45 * height), int(feet - 0.85 * height)
    for side in (-1, 1):
        foot = (center + int(side * 9 * scale), feet)
        cv2.line(picture, (center, hip), foot, skin, max(3, int(6 * scale)), cv2.LINE_AA)
    middle = (center, (hip + neck) // 2)
    cv2.ellipse(picture, middle, (int(13 * scale), int(0.24 * height)), 0, 0, 360, shirt, -1, cv2.LINE_AA)
    cv2.circle(picture, (center, int(neck - 8 * scale)), int(9 * scale), skin, -1, cv2.LINE_AA)
    hand = (center + int(26 * scale), int(neck + 16 * scale))
    cv2.line(picture, (center + int(8 * scale), neck + int(5 * scale)), hand, skin, max(3, int(5 * scale)), cv2.LINE_AA)
    bat = (hand[0] + int(8 * scale), hand[1] - int(8 * scale))
    cv2.ellipse(picture, bat, (int(8 * scale), int(10 * scale)), 20, 0, 360, (190, 30, 35), -1, cv2.LINE_AA)


def swimming(time: float) -> Image:
    """A pool with lane ropes and four swimmers."""
    down, across = np.indices((HEIGHT, WIDTH))
    waves = 12 * np.sin(across / 17 + 3 * time + down / 9) + 8 * np.sin(across / 7 - 2 * time + down / 23)
    picture: Image = np.clip(np.stack([20 + 0.6 * waves, 130 + waves, 200 + waves], axis=-1), 0, 255).astype(np.uint8)
    for lane in range(6):
        rope = 20 + lane * (14 + lane * 11)
        for x in range(0, WIDTH, 16):
            float_color = (220, 40, 40) if (x // 16) % 2 else (250, 250, 250)
            height = rope + int(3 * np.sin(x / 30 + time))
            cv2.circle(picture, (x, height), 4 + lane // 2, float_color, -1, cv2.LINE_AA)
    skin = (205, 150, 120)
    for lane in range(4):
        x, y = int(60 + 90 * lane + 40 * time) % WIDTH, 60 + 75 * lane
        cv2.ellipse(picture, (x, y), (36, 9), 0, 0, 360, skin, -1, cv2.LINE_AA)
        cv2.circle(picture, (x + 40, y - 3), 11, (200, 30, 40), -1, cv2.LINE_AA)
        arm = (x + 36 + int(14 * np.cos(6 * time)), y - 16)
        cv2.ellipse(picture, arm, (26, 5), -30, 0, 360, skin, -1, cv2.LINE_AA)
        for splash in range(8):
            drop = (x - 40 - 4 * splash, y + int(6 * np.sin(2 * splash + 9 * time)))
            cv2.circle(picture, drop, 4, (240, 250, 255), -1, cv2.LINE_AA)
    return picture


def biking(time: float) -> Image:
    """A cyclist on a road past trees."""
    picture = np.full((HEIGHT, WIDTH, 3), (90, 135, 60), np.uint8)
    picture[:140] = (150, 190, 225)
    for x in range(-60, WIDTH + 60, 60):
        cv2.circle(picture, (x + int(60 * time) % 60, 140), 44, (45, 90, 40), -1, cv2.LINE_AA)
    picture[230:330] = (125, 122, 120)
    x, y = 230 + int(30 * np.sin(0.8 * time)), 262
    for hub in (x - 58, x + 58):
        cv2.circle(picture, (hub, y), 36, (25, 25, 28), 5, cv2.LINE_AA)
        for angle in 6 * time + np.arange(6) * np.pi / 3:
            rim = (int(hub + 34 * np.cos(angle)), int(y + 34 * np.sin(angle)))
            cv2.line(picture, (hub, y), rim, (150, 150, 155), 1, cv2.LINE_AA)
    for tubes in ([(-58, 0), (-18, -48), (40, -50), (0, 4), (-58, 0)], [(-18, -48), (0, 4)], [(40, -56), (58, 0)]):
        cv2.polylines(picture, [np.add(tubes, (x, y)).astype(np.int32)], False, (200, 30, 35), 5, cv2.LINE_AA)
    skin, knee = (205, 150, 120), (x + 14, y - 30 + int(8 * np.sin(5 * time)))
    pedal = (int(x + 14 * np.cos(5 * time)), int(y + 4 + 14 * np.sin(5 * time)))
    cv2.line(picture, (x - 18, y - 62), knee, (30, 30, 60), 13, cv2.LINE_AA)
    cv2.line(picture, knee, pedal, skin, 10, cv2.LINE_AA)
    cv2.line(picture, (x - 18, y - 66), (x + 18, y - 112), (240, 200, 40), 24, cv2.LINE_AA)
    cv2.line(picture, (x + 16, y - 106), (x + 46, y - 60), skin, 8, cv2.LINE_AA)
    cv2.circle(picture, (x + 28, y - 132), 15, skin, -1, cv2.LINE_AA)
    cv2.ellipse(picture, (x + 28, y - 138), (18, 12), 0, 180, 360, (235, 235, 240), -1, cv2.LINE_AA)
    return picture


def balance_beam(time: float) -> Image:
    """A gymnast on a balance beam."""
    picture = np.full((HEIGHT, WIDTH, 3), (70, 90, 140), np.uint8)
    picture[:90], picture[250:] = (50, 55, 75), (60, 110, 150)
    for leg in (100, 380):
        cv2.line(picture, (leg, 246), (leg, 320), (190, 190, 195), 9, cv2.LINE_AA)
    cv2.rectangle(picture, (60, 228), (420, 246), (222, 190, 140), -1)
    x, y, skin, dress = int(240 + 70 * np.sin(0.9 * time)), 228, (215, 165, 135), (170, 30, 60)
    cv2.line(picture, (x, y), (x, y - 60), skin, 11, cv2.LINE_AA)
    cv2.line(picture, (x, y - 58), (x + 60, y - 58 - int(50 * np.sin(1.7 * time))), skin, 10, cv2.LINE_AA)
    cv2.line(picture, (x, y - 58), (x - 4, y - 112), dress, 20, cv2.LINE_AA)
    for hand in ((x - 58, y - 124), (x + 52, y - 126)):
        cv2.line(picture, (x - 4, y - 104), hand, skin, 7, cv2.LINE_AA)
    cv2.circle(picture, (x - 5, y - 130), 11, skin, -1, cv2.LINE_AA)
    return picture


CLIPS: dict[str, tuple[Scene, Scene]] = {
    "chess": (chess, swimming),
    "table_tennis": (table_tennis, chess),
    "Biking": (biking, balance_beam),
}
"""Label -> (what the clip shows, what interrupts it)."""


def interrupted(frame: int) -> bool:
    """Whether a frame belongs to an interruption: one a second, after the first two seconds."""
    return frame >= 2 * FPS and frame % FPS < INTERRUPTION


def write(label: str, path: Path) -> None:
    """Draws a clip into a file."""
    scene, other = CLIPS[label]
    color = video.ColorSpace("bt601", full_range=False)
    with video.Writer(path, WIDTH, HEIGHT, Fraction(FPS), color) as writer:
        for frame in range(FPS * SECONDS):
            picture = (other if interrupted(frame) else scene)(frame / FPS)
            writer.write(video.Planes(*to_planes(picture, color.matrix, color.full_range)), frame / FPS)


if __name__ == "__main__":
    folder = Path(__file__).parent / "clips"
    folder.mkdir(exist_ok=True)
    for name in CLIPS:
        write(name, folder / f"{name.replace('_', '-').lower()}.mp4")
