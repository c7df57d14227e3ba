/* Signing with finger, pen or mouse: strokes on a board of 600 by 200 become the path of an SVG. Without this file the name is typed. */
(function () {
  "use strict";
  function board(box) {
    var canvas = box.querySelector("canvas"), field = document.getElementById(box.dataset.signature), pen = canvas.getContext("2d"), strokes = [], stroke = null;
    if (!field || !pen) { return; }
    box.hidden = false;
    pen.lineWidth = 5; pen.lineCap = pen.lineJoin = "round"; pen.strokeStyle = "#16211F";
    function at(event) {
      var place = canvas.getBoundingClientRect();
      function within(value, most) { return Math.max(0, Math.min(most, Math.round(value))); }
      return [within((event.clientX - place.left) / place.width * 600, 600), within((event.clientY - place.top) / place.height * 200, 200)];
    }
    function path() {
      return strokes.filter(function (one) { return one.length > 1; }).map(function (one) {
        return "M" + one[0].join(" ") + one.slice(1).map(function (point) { return "L" + point.join(" "); }).join("");
      }).join("");
    }
    function draw() {
      pen.clearRect(0, 0, 600, 200);
      strokes.forEach(function (one) {
        pen.beginPath(); pen.moveTo(one[0][0], one[0][1]);
        one.slice(1).forEach(function (point) { pen.lineTo(point[0], point[1]); });
        pen.stroke();
      });
    }
    canvas.addEventListener("pointerdown", function (event) {
      event.preventDefault(); stroke = [at(event)]; strokes.push(stroke);
      try { canvas.setPointerCapture(event.pointerId); } catch (e) { /* a pen that is gone already */ }
    });
    canvas.addEventListener("pointermove", function (event) {
      if (!stroke) { return; }
      var point = at(event), last = stroke[stroke.length - 1];
      if (Math.abs(point[0] - last[0]) + Math.abs(point[1] - last[1]) < 4) { return; }
      stroke.push(point); draw();
    });
    ["pointerup", "pointercancel"].forEach(function (type) {
      canvas.addEventListener(type, function () { if (stroke) { stroke = null; field.value = path(); } });
    });
    box.querySelector("[data-clear]").addEventListener("click", function () { strokes = []; field.value = ""; draw(); });
    /* after an error the server sends the line back: show it again */
    (field.value.match(/M[^M]+/g) || []).forEach(function (one) {
      strokes.push(one.slice(1).split("L").map(function (point) { return point.split(" ").map(Number); }));
    });
    draw();
  }
  document.addEventListener("DOMContentLoaded", function () { Array.prototype.forEach.call(document.querySelectorAll("[data-signature]"), board); });
})();
