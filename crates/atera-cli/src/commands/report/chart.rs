//! The picture of a report: bars as SVG, whose colours are those of the page.

use std::collections::BTreeMap;

use atera_mirror::{
    AnswerColumn, Value,
    report::{Chart, ChartKind},
};
use plotters::prelude::*;

/// How many bars a picture has; the rest is summed in one more.
const BARS: usize = 12;

/// How many characters of a label are shown.
const LABEL: usize = 28;

/// Sums up rows as they come.
pub(super) struct Sums {
    kind: ChartKind,
    label: usize,
    value: Option<usize>,
    sums: BTreeMap<String, f64>,
}

impl Sums {
    /// The sums for a picture of an answer. `None` if the answer lacks the columns.
    pub(super) fn new(chart: &Chart, columns: &[AnswerColumn]) -> Option<Self> {
        let place = |name: &str| columns.iter().position(|column| column.name == name);
        Some(Sums {
            kind: chart.kind,
            label: place(&chart.label)?,
            value: match &chart.value {
                Some(name) => Some(place(name)?),
                None => None,
            },
            sums: BTreeMap::new(),
        })
    }

    /// Adds a row.
    pub(super) fn add(&mut self, row: &[Value]) {
        let label = match row.get(self.label) {
            None | Some(Value::Null) => "(none)".to_string(),
            Some(Value::Text(text)) => text.clone(),
            Some(Value::Integer(number)) => number.to_string(),
            Some(Value::Real(number)) => number.to_string(),
            Some(Value::Boolean(value)) => value.to_string(),
        };
        let value = match self.value.and_then(|place| row.get(place)) {
            Some(Value::Integer(number)) => *number as f64,
            Some(Value::Real(number)) => *number,
            Some(_) => 0.0,
            None => 1.0,
        };
        *self.sums.entry(label).or_default() += value;
    }

    /// The picture, unless there is nothing to see.
    pub(super) fn draw(self) -> Option<String> {
        let bars = self.bars();
        // The sum of the rest would make all other bars short.
        let own = bars.iter().take(BARS);
        let highest = own.map(|(_, value)| *value).fold(0.0, f64::max);
        match highest > 0.0 {
            true => draw(&bars, highest).ok(),
            false => None,
        }
    }

    /// The bars from above. Those that are left out are the last one.
    fn bars(self) -> Vec<(String, f64)> {
        let mut bars: Vec<_> = self.sums.into_iter().collect();
        match self.kind {
            // The last ones in their order, as the last months.
            ChartKind::Column => {
                let first = bars.len().saturating_sub(BARS);
                bars.drain(..first);
            }
            _ => {
                bars.sort_by(|(_, one), (_, other)| other.total_cmp(one));
                if bars.len() > BARS + 1 {
                    let rest = bars.split_off(BARS);
                    let sum = rest.iter().map(|(_, value)| value).sum();
                    bars.push((format!("{} others", rest.len()), sum));
                }
            }
        }
        bars
    }
}

/// Draws bars from left to right, each with its label and its value. A value above the highest has no bar, and its number says so.
fn draw(bars: &[(String, f64)], highest: f64) -> Result<String, Box<dyn std::error::Error>> {
    let mut svg = String::new();
    {
        let height = 24 * bars.len() as u32 + 10;
        let area = SVGBackend::with_string(&mut svg, (760, height)).into_drawing_area();
        let last = bars.len() as i32 - 1;
        let mut chart = ChartBuilder::on(&area)
            .margin(4)
            .y_label_area_size(220)
            .build_cartesian_2d(0.0..highest * 1.15, (0..last).into_segmented())?;
        // The axis goes upwards, and the bars downwards.
        let at = |place: i32| {
            usize::try_from(last - place)
                .ok()
                .and_then(|place| bars.get(place))
        };
        let label = |place: &SegmentValue<i32>| match place {
            SegmentValue::CenterOf(place) => {
                at(*place).map_or_else(String::new, |(label, _)| cut(label, LABEL))
            }
            _ => String::new(),
        };
        chart
            .configure_mesh()
            .disable_mesh()
            .disable_x_axis()
            .y_labels(bars.len())
            .y_label_formatter(&label)
            .label_style(("sans-serif", 13))
            .draw()?;
        chart.draw_series((0..=last).filter_map(|place| {
            let (_, value) = at(place)?;
            let corners = [
                (0.0, SegmentValue::Exact(place)),
                (drawn(*value, highest), SegmentValue::Exact(place + 1)),
            ];
            let mut bar = Rectangle::new(corners, RGBColor(0x3b, 0x82, 0xc4).filled());
            bar.set_margin(3, 3, 0, 0);
            Some(bar)
        }))?;
        chart.draw_series((0..=last).filter_map(|place| {
            let (_, value) = at(place)?;
            let style = ("sans-serif", 13).into_text_style(&area);
            let style = style.pos(plotters::style::text_anchor::Pos::new(
                plotters::style::text_anchor::HPos::Left,
                plotters::style::text_anchor::VPos::Center,
            ));
            let text = match *value > highest {
                true => format!("{} (too long to draw)", shown(*value)),
                false => shown(*value),
            };
            let beside = EmptyElement::at((drawn(*value, highest), SegmentValue::CenterOf(place)))
                + Text::new(text, (6, 0), style);
            Some(beside)
        }))?;
        area.present()?;
    }
    Ok(svg)
}

/// How long the bar of a value is.
fn drawn(value: f64, highest: f64) -> f64 {
    if value > highest { 0.0 } else { value }
}

/// A number with at most two decimals.
fn shown(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// The beginning of a text of one line.
fn cut(text: &str, length: usize) -> String {
    let text = atera::text::plain_line(text);
    match text.chars().count() > length {
        true => text.chars().take(length - 1).chain(['…']).collect(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(kind: ChartKind, value: Option<usize>) -> Sums {
        Sums {
            kind,
            label: 0,
            value,
            sums: BTreeMap::new(),
        }
    }

    fn row(label: &str, value: i64) -> [Value; 2] {
        [label.into(), value.into()]
    }

    #[test]
    fn the_longest_bars_come_first_and_the_rest_is_summed() {
        let mut counted = sums(ChartKind::Bar, None);
        let mut summed = sums(ChartKind::Bar, Some(1));
        for place in 0..20 {
            counted.add(&row(&format!("c{}", place % 2), 7));
            summed.add(&row(&format!("c{place:02}"), place));
        }
        assert_eq!(
            counted.bars(),
            [("c0".to_string(), 10.0), ("c1".to_string(), 10.0)]
        );
        let bars = summed.bars();
        assert_eq!(bars.len(), BARS + 1);
        assert_eq!(bars[0], ("c19".to_string(), 19.0));
        assert_eq!(bars[BARS], ("8 others".to_string(), 28.0));
        let mut months = sums(ChartKind::Column, Some(1));
        (1..=14).for_each(|month| months.add(&row(&format!("m{month:02}"), month)));
        assert_eq!(months.bars()[0].0, "m03");
    }

    #[test]
    fn labels_are_text_and_never_markup() {
        let mut sums = sums(ChartKind::Bar, None);
        sums.add(&row("<script>alert(1)</script>&\"'", 1));
        sums.add(&row(&"x".repeat(5000), 1));
        sums.add(&[Value::Null, Value::Null]);
        let svg = sums.draw().expect("a picture");
        assert!(!svg.contains("<script") && svg.contains("&lt;script"), "{svg}");
        assert!(
            svg.contains("(none)") && !svg.contains(&"x".repeat(LABEL)),
            "{svg}"
        );
        assert!(svg.len() < 5000);
    }

    #[test]
    fn the_rest_does_not_make_other_bars_short() {
        let mut sums = sums(ChartKind::Bar, None);
        (0..1000).for_each(|place| sums.add(&row(&format!("c{}", place % 100), 1)));
        let svg = sums.draw().expect("a picture");
        assert!(
            svg.contains("88 others") && svg.contains("880 (too long to draw)"),
            "{svg}"
        );
    }

    #[test]
    fn nothing_is_not_drawn() {
        assert!(sums(ChartKind::Bar, None).draw().is_none());
    }
}
