// What the pages do where scripts run; without them everything but the charts is there.

const script = document.currentScript;

tellTimes();
drawCharts();
watch();

/** "3 minutes ago", in the reader's own time zone on hover. */
function tellTimes() {
  const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
  const steps = [
    [60, 'second'],
    [60, 'minute'],
    [24, 'hour'],
    [30, 'day'],
    [12, 'month'],
    [Number.POSITIVE_INFINITY, 'year'],
  ];
  for (const element of document.querySelectorAll('time[datetime]')) {
    const at = new Date(element.dateTime);
    element.title = at.toLocaleString();
    let distance = (at.getTime() - Date.now()) / 1000;
    for (const [size, unit] of steps) {
      if (Math.abs(distance) < size) {
        element.textContent = words.format(Math.round(distance), unit);
        break;
      }
      distance /= size;
    }
  }
}

/** Charts are drawn in the reader's theme, and again when it changes. */
async function drawCharts() {
  const charts = document.querySelectorAll('figure.chart');
  if (charts.length === 0) return;
  await load(script.dataset.mermaid);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  let run = 0;
  const draw = async () => {
    run += 1;
    mermaid.initialize({
      startOnLoad: false,
      securityLevel: 'strict',
      suppressErrorRendering: true,
      theme: dark.matches ? 'dark' : 'default',
      themeVariables: { xyChart: pageColours() },
    });
    for (const [index, figure] of charts.entries()) {
      const source = figure.querySelector('.chart-source');
      try {
        const { svg } = await mermaid.render(`chart-${run}-${index}`, source.textContent);
        const drawing = figure.querySelector('.chart-drawing') ?? figure.appendChild(document.createElement('div'));
        drawing.className = 'chart-drawing';
        drawing.innerHTML = svg;
        figure.classList.add('drawn');
      } catch {
        // The source stays readable.
        figure.classList.add('failed');
      }
    }
  };
  await draw();
  dark.addEventListener('change', draw);
}

/** Axes and titles in the page's own colours, on its own ground. */
function pageColours() {
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue('--ink').trim();
  const quiet = style.getPropertyValue('--quiet').trim();
  return {
    backgroundColor: 'transparent',
    titleColor: ink,
    dataLabelColor: ink,
    xAxisLabelColor: quiet,
    xAxisTitleColor: quiet,
    xAxisTickColor: quiet,
    xAxisLineColor: quiet,
    yAxisLabelColor: quiet,
    yAxisTitleColor: quiet,
    yAxisTickColor: quiet,
    yAxisLineColor: quiet,
  };
}

function load(address) {
  return new Promise((resolve, reject) => {
    const element = document.createElement('script');
    element.src = address;
    element.onload = resolve;
    element.onerror = reject;
    document.head.append(element);
  });
}

/** While gates run the page looks again by itself, but never while someone is writing. */
function watch() {
  const subject = document.querySelector('[data-fingerprint]');
  if (subject === null) return;
  const seen = subject.dataset.now;
  const box = document.querySelector('#body');
  setInterval(async () => {
    if (document.hidden || (box !== null && box.value !== '')) return;
    const response = await fetch(subject.dataset.fingerprint).catch(() => null);
    if (response?.ok && (await response.text()) !== seen) location.reload();
  }, 3000);
}
