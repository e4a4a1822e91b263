//! Pictures for the page, as SVG. Each has a background of its own, so that it reads on light and dark pages.

use super::report::{MemoryRow, Part, Report};
use crate::census::Group;
use crate::error::{Error, Result};
use crate::number::thousands as number;
use crate::peers::cross::Abi;
use plotters::coord::Shift;
use plotters::element::{Drawable, PointCollection};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use treemap::{MapItem, Mappable, Rect, TreemapLayout};

/// A picture: its file's name, and the SVG.
pub type Picture = (&'static str, String);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const WIDTH: u32 = 900;
const BACKGROUND: RGBColor = RGBColor(0xf6, 0xf8, 0xfa);
const INK: RGBColor = RGBColor(0x1f, 0x23, 0x28);
const FAINT: RGBColor = RGBColor(0x59, 0x63, 0x6e);
const MOTE: RGBColor = RGBColor(0xc2, 0x41, 0x0c);
const BUSYBOX: RGBColor = RGBColor(0x2f, 0x6f, 0xb0);
const TOYBOX: RGBColor = RGBColor(0x5f, 0x8a, 0x3a);
const FONT: &str = "sans-serif";
/// Heights in pixels.
const TITLE: i32 = 44;
const GROUP: i32 = 30;
const BAR: i32 = 22;
/// Where bars begin, and where the longest ends.
const LEFT: i32 = 230;
const RIGHT: i32 = 780;

/// One bar.
struct Bar {
    name: String,
    value: u64,
}

/// The pictures that the report has figures for.
///
/// # Errors
/// One cannot be drawn.
pub fn all(report: &Report) -> Result<Vec<Picture>> {
    let mut pictures = Vec::new();
    let sizes = sizes(report);
    if !sizes.is_empty() {
        let title = "Bytes of the binary by set (Thumb code, static, without section headers)";
        pictures.push(("comparison-bytes.svg", bars(title, "", &sizes)?));
    }
    let ram = ram(report);
    if !ram.is_empty() {
        let title = "Smallest RAM to a working prompt, in KiB (versatilepb, the same kernel)";
        pictures.push(("comparison-ram.svg", bars(title, " KiB", &ram)?));
    }
    let memory: Vec<&MemoryRow> = report.memory.iter().filter(|row| row.census.value().is_some()).collect();
    if !memory.is_empty() {
        pictures.push(("comparison-memory.svg", stacks(&memory)?));
    }
    if !report.parts.is_empty() {
        pictures.push(("comparison-map.svg", map(&report.parts)?));
    }
    Ok(pictures)
}

/// Bars of the main builds, by set.
fn sizes(report: &Report) -> Vec<(String, Vec<Bar>)> {
    let mut groups: Vec<(String, Vec<Bar>)> = Vec::new();
    for row in report.sizes.iter().filter(|row| row.abi.is_none_or(|abi| abi == Abi::MAIN)) {
        let Some(bytes) = row.bytes.value() else { continue };
        push(&mut groups, row.set.name(), &row.who, bytes.sstripped);
    }
    groups
}

fn ram(report: &Report) -> Vec<(String, Vec<Bar>)> {
    let mut groups: Vec<(String, Vec<Bar>)> = Vec::new();
    for row in &report.guests {
        let Some(kib) = row.ram_kib.value() else { continue };
        push(&mut groups, row.set.name(), &row.who, u64::from(*kib));
    }
    groups
}

fn push(groups: &mut Vec<(String, Vec<Bar>)>, group: &str, name: &str, value: u64) {
    let bar = Bar { name: name.to_string(), value };
    match groups.iter_mut().find(|(known, _)| known == group) {
        Some((_, bars)) => bars.push(bar),
        None => groups.push((group.to_string(), vec![bar])),
    }
}

fn colour(name: &str) -> RGBColor {
    match name.split([',', ' ']).next() {
        Some("BusyBox") => BUSYBOX,
        Some("Toybox") => TOYBOX,
        _ => MOTE,
    }
}

fn bars(title: &str, unit: &str, groups: &[(String, Vec<Bar>)]) -> Result<String> {
    let rows: i32 = groups.iter().map(|(_, bars)| GROUP + BAR * bars.len() as i32).sum();
    let most = groups.iter().flat_map(|(_, bars)| bars).map(|bar| bar.value).max().unwrap_or(1).max(1);
    picture(TITLE + rows + 16, |area| {
        write(area, title, (16, 14), 20, INK, HPos::Left)?;
        let mut y = TITLE;
        for (name, bars) in groups {
            write(area, name, (16, y + 10), 17, INK, HPos::Left)?;
            y += GROUP;
            for bar in bars {
                let width = (u128::from(bar.value) * (RIGHT - LEFT) as u128 / u128::from(most)) as i32;
                write(area, &bar.name, (LEFT - 8, y + 4), 15, INK, HPos::Right)?;
                let corners = [(LEFT, y + 2), (LEFT + width.max(1), y + BAR - 4)];
                draw(area, &Rectangle::new(corners, colour(&bar.name).filled()))?;
                let value = format!("{}{unit}", number(bar.value));
                write(area, &value, (LEFT + width + 6, y + 4), 15, FAINT, HPos::Left)?;
                y += BAR;
            }
        }
        Ok(())
    })
}

/// The colours of the groups of a stacked bar.
fn group_colour(group: Group) -> RGBColor {
    match group {
        Group::KernelText => RGBColor(0x54, 0x3f, 0x8f),
        Group::KernelData => RGBColor(0x7d, 0x6c, 0xb5),
        Group::MemoryMap => RGBColor(0xa9, 0x9f, 0xd0),
        Group::PageTables => RGBColor(0x1b, 0x7f, 0x79),
        Group::Boot => RGBColor(0x6f, 0xb3, 0xad),
        Group::Slab => BUSYBOX,
        Group::KernelStacks => RGBColor(0x86, 0xb4, 0xdd),
        Group::KernelPages => TOYBOX,
        Group::Files => RGBColor(0xd9, 0xa4, 0x41),
        Group::Programs => MOTE,
        Group::Free => RGBColor(0xd0, 0xd7, 0xde),
    }
}

/// Names and colours of the groups, three in a row.
const KEY_ROWS: i32 = 4;

/// A bar of groups for each system. The bars of one kernel stand together, and each kernel has a scale of its own.
fn stacks(rows: &[&MemoryRow]) -> Result<String> {
    let mut kernels: Vec<&str> = rows.iter().map(|row| row.kernel.as_str()).collect();
    kernels.dedup();
    let key = KEY_ROWS * 20 + 8;
    let height = TITLE + key + GROUP * kernels.len() as i32 + BAR * rows.len() as i32 + 16;
    picture(height, |area| {
        let title = "Where the RAM is after 200 programs and a pipeline, in KiB (set seed, smallest RAM; a scale for each kernel)";
        write(area, title, (16, 14), 18, INK, HPos::Left)?;
        for (n, group) in Group::ALL.into_iter().enumerate() {
            let (x, y) = (16 + 290 * (n as i32 % 3), TITLE + 20 * (n as i32 / 3));
            draw(area, &Rectangle::new([(x, y), (x + 12, y + 12)], group_colour(group).filled()))?;
            write(area, group.name(), (x + 18, y), 14, FAINT, HPos::Left)?;
        }
        let mut y = TITLE + key;
        for kernel in kernels {
            write(area, kernel, (16, y + 10), 17, INK, HPos::Left)?;
            y += GROUP;
            let bars = rows.iter().filter(|row| row.kernel == kernel);
            let most = bars.clone().filter_map(|row| row.spawns_kib.value()).max().copied().unwrap_or(1);
            for row in bars {
                stack(area, row, y, most)?;
                y += BAR;
            }
        }
        Ok(())
    })
}

/// One stacked bar at the height `y`; the longest has `most` KiB.
fn stack(area: &Area, row: &MemoryRow, y: i32, most: u32) -> Result<()> {
    write(area, &row.who, (LEFT - 8, y + 4), 15, INK, HPos::Right)?;
    let scale = |kib: u32| LEFT + (u64::from(kib) * (RIGHT - LEFT) as u64 / u64::from(most.max(1))) as i32;
    let mut sum = 0;
    for group in Group::ALL {
        let kib = row.census.value().map_or(0, |census| census.kib(group));
        let corners = [(scale(sum), y + 2), (scale(sum + kib), y + BAR - 4)];
        if kib != 0 {
            draw(area, &Rectangle::new(corners, group_colour(group).filled()))?;
        }
        sum += kib;
    }
    write(area, &format!("{} KiB", number(u64::from(sum))), (scale(sum) + 6, y + 4), 15, FAINT, HPos::Left)
}

const MAP_HEIGHT: i32 = 560;

/// A box of the map.
struct Item<'a> {
    part: &'a Part,
    item: MapItem,
}

impl Mappable for Item<'_> {
    fn size(&self) -> f64 {
        self.item.size()
    }
    fn bounds(&self) -> &Rect {
        self.item.bounds()
    }
    fn set_bounds(&mut self, bounds: Rect) {
        self.item.set_bounds(bounds);
    }
}

/// Boxes as big as their bytes, by crate; the multicall binary's own crate by applet.
fn map(parts: &[Part]) -> Result<String> {
    let mut items: Vec<Item> =
        parts.iter().map(|part| Item { part, item: MapItem::with_size(part.bytes as f64) }).collect();
    items.sort_by_key(|item| std::cmp::Reverse(item.part.bytes));
    let total: u64 = parts.iter().map(|part| part.bytes).sum();
    let top = f64::from(TITLE + 22);
    let bounds = Rect::from_points(16.0, top, f64::from(WIDTH) - 32.0, f64::from(MAP_HEIGHT) - top - 16.0);
    TreemapLayout::new().layout_items(&mut items, bounds);
    picture(MAP_HEIGHT, |area| {
        let title = format!("mote, set base: {} bytes by crate and applet", number(total));
        write(area, &title, (16, 14), 20, INK, HPos::Left)?;
        let mut x = 16;
        for (kind, what) in KINDS {
            draw(area, &Rectangle::new([(x, TITLE), (x + 12, TITLE + 12)], kind_colour(kind).filled()))?;
            write(area, what, (x + 18, TITLE), 14, FAINT, HPos::Left)?;
            x += 180;
        }
        items.iter().try_for_each(|item| item_box(area, item))
    })
}

const KINDS: [(&str, &str); 4] = [
    ("applet", "an applet"),
    ("crate", "a crate"),
    ("shared", "shared by applets"),
    ("file", "texts, headers, padding"),
];

fn kind_colour(kind: &str) -> RGBColor {
    match kind {
        "applet" => MOTE,
        "crate" => BUSYBOX,
        "shared" => TOYBOX,
        _ => FAINT,
    }
}

fn item_box(area: &Area, item: &Item) -> Result<()> {
    let bounds = item.bounds();
    let (x, y) = (bounds.x.round() as i32, bounds.y.round() as i32);
    let (right, bottom) = ((bounds.x + bounds.w).round() as i32, (bounds.y + bounds.h).round() as i32);
    if right - x < 2 || bottom - y < 2 {
        return Ok(());
    }
    draw(area, &Rectangle::new([(x, y), (right - 1, bottom - 1)], kind_colour(&item.part.kind).filled()))?;
    let (name, bytes) = (&item.part.name, number(item.part.bytes));
    // A letter is less than seven pixels wide.
    let columns = ((right - x - 8) / 7).max(0) as usize;
    let rows = ((bottom - y - 4) / 15).max(0) as usize;
    let mut label = wrapped(name, columns).filter(|lines| lines.len() <= rows).unwrap_or_default();
    if !label.is_empty() && label.len() < rows && bytes.len() <= columns {
        label.push(bytes);
    }
    for (n, line) in label.iter().enumerate() {
        write(area, line, (x + 4, y + 4 + 15 * n as i32), 14, WHITE, HPos::Left)?;
    }
    Ok(())
}

/// The text in lines of at most `columns` letters, broken between words; none when a word is longer.
fn wrapped(text: &str, columns: usize) -> Option<Vec<String>> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            _ if word.len() > columns => return None,
            Some(line) if line.len() + 1 + word.len() <= columns => *line = format!("{line} {word}"),
            _ => lines.push(word.to_string()),
        }
    }
    Some(lines)
}

fn picture(height: i32, paint: impl FnOnce(&Area) -> Result<()>) -> Result<String> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (WIDTH, height as u32)).into_drawing_area();
        area.fill(&BACKGROUND).map_err(failed)?;
        paint(&area)?;
        area.present().map_err(failed)?;
    }
    Ok(text)
}

fn write(area: &Area, text: &str, at: (i32, i32), size: i32, colour: RGBColor, side: HPos) -> Result<()> {
    let style = (FONT, size).into_font().color(&colour).pos(Pos::new(side, VPos::Top));
    draw(area, &Text::new(text.to_string(), at, style))
}

fn draw<'a, 'b, E>(area: &Area<'b>, element: &'a E) -> Result<()>
where
    &'a E: PointCollection<'a, (i32, i32)>,
    E: Drawable<SVGBackend<'b>>,
{
    area.draw(element).map_err(failed)
}

fn failed(why: impl std::fmt::Display) -> Error {
    Error::new(format!("a picture: {why}"))
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::sample;
    use super::*;

    #[test]
    fn pictures_show_the_figures() {
        let pictures = all(&sample()).unwrap();
        let names: Vec<&str> = pictures.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["comparison-bytes.svg", "comparison-ram.svg", "comparison-map.svg"]);
        let bytes = &pictures[0].1;
        assert!(
            bytes.starts_with("<svg") && bytes.contains("144,000") && bytes.contains("80,000"),
            "{bytes}"
        );
        assert!(!bytes.contains("205,000"), "only the main builds have bars");
        assert!(pictures[1].1.contains("2,300 KiB"));
        assert!(pictures[2].1.contains("60,000"));
    }

    #[test]
    fn without_figures_there_are_no_pictures() {
        assert!(all(&Report::default()).unwrap().is_empty());
    }

    #[test]
    fn long_names_are_broken_between_words() {
        assert_eq!(wrapped("texts of all applets", 12).unwrap(), ["texts of all", "applets"]);
        assert_eq!(wrapped("ls", 2).unwrap(), ["ls"]);
        assert!(wrapped("a longword", 7).is_none());
    }

    #[test]
    fn boxes_fill_the_map() {
        let text = map(&sample().parts).unwrap();
        assert_eq!(text.matches("<rect").count(), 1 + KINDS.len() + 2, "{text}");
    }
}
