/** What the page itself says; the widget has its own. */

export const strings = {
  ar: {
    title: 'رفع الملفات',
    intro: 'تذهب الملفات مباشرة إلى المخزن على أجزاء. أوقفها، أغلق الصفحة، ثم عد: لا يُرسل إلا ما ينقص.',
  },
  de: {
    title: 'Dateien hochladen',
    intro:
      'Dateien gehen in Teilen direkt in den Speicher. Anhalten, Seite schließen, wiederkommen: Gesendet wird nur, was fehlt.',
  },
  en: {
    title: 'Upload files',
    intro:
      'Files go straight to storage, in parts. Pause, close the page, come back: only what is missing is sent.',
  },
  es: {
    title: 'Subir archivos',
    intro:
      'Los archivos van por partes directamente al almacén. Pause, cierre la página y vuelva: solo se envía lo que falta.',
  },
  fr: {
    title: 'Envoyer des fichiers',
    intro:
      'Les fichiers vont en parties directement au stockage. Suspendez, fermez la page, revenez : seul ce qui manque est envoyé.',
  },
};
